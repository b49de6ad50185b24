// A log followed over HTTP to its end, through restarts of the server: it counts the bytes that it has given and comes back
// for what is beyond them, so that no byte is missing or comes twice. A connection that dies silently is noticed by TCP.

import { setTimeout as sleep } from "node:timers/promises";
import { isPassing, Unreachable, type Client } from "./client.ts";
import { pauseBefore } from "./patience.ts";
import { PlainCount } from "./plain-count.ts";

export interface LogQuery {
  readonly stream?: string | undefined;
  readonly timestamps?: 1 | undefined;
  readonly tail?: number | undefined;
  /** RFC 3339. */
  readonly since?: string | undefined;
  readonly attempt?: number | undefined;
}

export interface TailOptions {
  readonly signal?: AbortSignal;
  /** Told once when the connection is lost (a sentence), and once when it is back (undefined). */
  readonly onTrouble: (trouble: string | undefined) => void;
}

export interface Position {
  readonly attempt: number;
  /** Bytes of the view. */
  offset: number;
}

export class Tail {
  readonly #client: Client;
  readonly #id: string;
  readonly #query: LogQuery;
  readonly #count: PlainCount | undefined;
  /** Where what comes next begins; undefined until the server said it. */
  #position: Position | undefined;

  /** `start`: where to begin, if that is known; then a server that is away from the first is waited for. */
  constructor(client: Client, id: string, query: LogQuery, start?: Position) {
    this.#client = client;
    this.#id = id;
    this.#query = query;
    this.#count = query.timestamps === undefined ? undefined : new PlainCount();
    this.#position = start && { ...start };
  }

  /** The log's bytes, until it has ended. Asked again later, it goes on where it was. */
  async *bytes({ signal, onTrouble }: TailOptions): AsyncGenerator<Buffer> {
    for (let attempt = 0; ; attempt += 1) {
      try {
        const { stream, timestamps, attempt: number } = this.#query;
        const position = this.#position;
        const after = position && {
          stream,
          timestamps,
          attempt: number,
          after: `${position.attempt}.${position.offset}`,
        };
        const answer = await this.#client.open("GET", `/logs/${this.#id}/tail`, {
          query: { ...(after ?? this.#query) },
          signal,
        });
        if (attempt > 0) onTrouble(undefined);
        attempt = 0;
        this.#position ??= positionOf(answer.headers["skeduler-position"]);
        this.#count?.reset();
        for await (const part of this.#client.bytesOf(answer, { signal })) {
          const bytes = this.#count?.whole(part) ?? part;
          if (bytes.length === 0) continue;
          yield bytes;
          if (this.#position !== undefined) this.#position.offset += this.#count?.take() ?? bytes.length;
        }
        if (answer.complete) return;
      } catch (error) {
        if (signal?.aborted === true) throw error;
        if (this.#position === undefined || !isPassing(error)) throw error;
        if (attempt === 0) onTrouble(error instanceof Unreachable ? error.message : "The connection was cut.");
      }
      await sleep(pauseBefore(attempt), undefined, { signal });
    }
  }
}

function positionOf(header: string | string[] | undefined): Position | undefined {
  const [, attempt, offset] = /^(\d+)\.(\d+)$/.exec(String(header)) ?? [];
  return attempt === undefined || offset === undefined
    ? undefined
    : { attempt: Number(attempt), offset: Number(offset) };
}
