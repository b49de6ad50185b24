// What a trace is told of one attempt: its start with what that consisted of, and its first line. An attempt that was found started
// tells nothing: whoever started it did.

import type { OpenAttempt } from "../database/statements/runner.ts";
import type { Chunk } from "../logs/chunk-format.ts";
import type { Stretch, Tracing } from "../telemetry/tracing.ts";

export class AttemptTrace {
  readonly #tracing: Pick<Tracing, "passed"> | undefined;
  readonly #attempt: OpenAttempt;
  readonly #host: string;
  readonly #taken = Date.now();
  readonly #parts: Omit<Stretch, "experimentId">[] = [];
  /** Ms since the epoch; undefined: not by this process. */
  #startedAt: number | undefined;
  #hasLine = false;

  constructor(tracing: Pick<Tracing, "passed"> | undefined, attempt: OpenAttempt, host: string) {
    this.#tracing = tracing;
    this.#attempt = attempt;
    this.#host = host;
  }

  /** A part of the start. */
  async part<T>(name: string, work: () => Promise<T>): Promise<T> {
    const from = Date.now();
    try {
      return await work();
    } finally {
      this.#parts.push({ name, from, to: Date.now() });
    }
  }

  /** `took`: seconds since the placement, by the database's clock; null where the start was noted before. */
  started(took: number | null): void {
    if (took === null) return;
    this.#startedAt = Date.now();
    this.#tell("start", this.#startedAt - took * 1000, { parts: this.#parts });
    if (this.#hasLine) this.#tell("first line", this.#startedAt, {});
  }

  /** Of a container that ended at once the log may be stored before its start is noted. */
  stored(chunk: Chunk): void {
    if (this.#hasLine || chunk.bytes.stdout + chunk.bytes.stderr === 0) return;
    this.#hasLine = true;
    if (this.#startedAt !== undefined) this.#tell("first line", this.#startedAt, {});
  }

  /** It ended and was never started. */
  couldNotRun(message: string): void {
    this.#tell("start", this.#taken, { parts: this.#parts, error: message });
  }

  #tell(name: string, from: number, more: Pick<Stretch, "parts" | "error">): void {
    const { experiment_id: experimentId, number, image, gpus } = this.#attempt;
    this.#tracing?.passed({
      experimentId,
      name,
      from,
      to: Date.now(),
      attributes: {
        "skeduler.attempt.number": number,
        "skeduler.host": this.#host,
        "skeduler.gpus": gpus,
        "container.image.name": image,
      },
      ...more,
    });
  }
}
