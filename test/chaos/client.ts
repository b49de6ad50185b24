// A client as ours are: goes to any API, and to another one when that fails, until it is answered. A POST carries an
// Idempotency-Key, so that the answer that was lost creates nothing twice.

import { setTimeout as sleep } from "node:timers/promises";
import type { Random } from "./random.ts";
import { token } from "./world.ts";

/** An API that does not answer for so long, ms, is left for another. */
const patience = 6_000;
const pause = 250;

export class Client {
  readonly #addresses: readonly string[];
  readonly #random: Random;
  readonly #signal: AbortSignal;

  constructor(addresses: readonly string[], random: Random, signal: AbortSignal) {
    this.#addresses = addresses;
    this.#random = random;
    this.#signal = signal;
  }

  /** The answer's status and bytes; throws only when the signal aborts. */
  async call(
    method: string,
    path: string,
    { body, key }: { readonly body?: object; readonly key?: string } = {},
  ): Promise<{ readonly status: number; readonly bytes: Buffer }> {
    for (;;) {
      this.#signal.throwIfAborted();
      try {
        const response = await fetch(this.#random.pick(this.#addresses) + path, {
          method,
          headers: { Authorization: token, ...(key !== undefined && { "Idempotency-Key": key }) },
          ...(body !== undefined && { body: JSON.stringify(body) }),
          signal: AbortSignal.any([this.#signal, AbortSignal.timeout(patience)]),
        });
        const bytes = Buffer.from(await response.arrayBuffer());
        if (response.status < 500) return { status: response.status, bytes };
      } catch {
        // Cut off, refused, or too slow: somebody else may answer.
      }
      await sleep(pause, undefined, { signal: this.#signal });
    }
  }
}
