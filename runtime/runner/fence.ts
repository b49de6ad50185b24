// fence_after: a host that has not reached the database for that long stops its own containers and starts none, so that what
// is given up elsewhere does not run twice. Counted from the sending of the last heartbeat that was answered, by a clock
// that cannot jump. A runner that is dead or hangs does not fence.

import { listContainers, stopContainer } from "../docker/containers.ts";
import type { Engine } from "../docker/engine.ts";
import type { Log } from "../log.ts";
import { oneAtATime } from "./one-at-a-time.ts";

const lookEvery = 1_000;
/** What the Engine may take beyond the grace, ms. */
const margin = 5_000;

export interface FenceOptions {
  /** Ms; undefined: never. */
  readonly after: number | undefined;
  /** Ms between SIGTERM and SIGKILL. */
  readonly grace: number;
  readonly engine: Engine;
  readonly log: Log;
  readonly installation: string;
  readonly host: string;
}

/** By when a silent host has certainly stopped its containers, ms; undefined: it never does. */
export function fencedWithin({ after, grace }: Pick<FenceOptions, "after" | "grace">): number | undefined {
  return after === undefined ? undefined : after + lookEvery + grace + margin;
}

export class Fence {
  readonly #options: FenceOptions;
  /** Attempts whose containers it stopped. */
  readonly #stopped = new Set<string>();
  readonly #timer: NodeJS.Timeout | undefined;
  #heard = performance.now();
  #closed = false;

  constructor(options: FenceOptions) {
    this.#options = options;
    if (options.after === undefined) return;
    this.#timer = setInterval(() => {
      this.#look().catch((error: unknown) =>
        options.log.error(
          { err: error },
          "cut off from the database, and containers could not be stopped; trying again",
        ),
      );
    }, lookEvery);
  }

  /** A heartbeat was answered that was sent then (performance.now()). */
  heard(sent: number): void {
    this.#heard = Math.max(this.#heard, sent);
  }

  /** Whether its container was stopped because the host was cut off. */
  stopped(attemptId: string): boolean {
    return this.#stopped.has(attemptId);
  }

  /** Throws where the host is cut off: nothing may start. */
  check(): void {
    if (this.#closed) throw new Error("the host is cut off from the database and starts nothing (runner.fence_after)");
  }

  close(): void {
    clearInterval(this.#timer);
  }

  readonly #look = oneAtATime(async () => {
    const { after = Infinity, grace, engine, log, installation, host } = this.#options;
    const closed = performance.now() - this.#heard > after;
    if (closed !== this.#closed)
      log.error(
        closed
          ? `cut off from the database for ${after / 1000} s: containers are stopped (runner.fence_after)`
          : "the database is reached again",
      );
    this.#closed = closed;
    if (!closed) return;
    // Again each time: a start that was on its way when the fence closed is found by the next look.
    const running = (await listContainers(engine, { installation, host })).filter((container) => container.running);
    for (const { attemptId } of running) this.#stopped.add(attemptId);
    await Promise.all(running.map(async ({ id }) => stopContainer(engine, id, Math.ceil(grace / 1000))));
  });
}
