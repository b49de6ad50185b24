// Writes one attempt's log: records in, fenced chunks out. At once when nothing is in flight, else what has gathered when
// the last insert returns; so a lone line takes milliseconds and a flood goes in large rows. Whoever adds waits while a
// megabyte is pending: a slow or absent Postgres slows the reading from Docker, and memory stays flat.

import { setTimeout as sleep } from "node:timers/promises";
import { isUnavailable } from "../database/faults.ts";
import type { Queryable } from "../database/pool.ts";
import { appendLog } from "../database/statements/append-log.ts";
import { cutLog } from "../database/statements/cut-log.ts";
import type { LogPosition, StreamPosition } from "../docker/log-entries.ts";
import { ChunkBuilder, now, type LogRecord } from "../logs/chunk-format.ts";

/** Another runner owns the attempt now, or it is closed: nothing of ours counts any more. */
export class Fenced extends Error {
  constructor() {
    super("this runner no longer owns the attempt");
  }
}

export interface LogWriterOptions {
  readonly db: Queryable;
  readonly attemptId: string;
  readonly epoch: string;
  readonly nextSeq: number;
  readonly position: LogPosition;
  /** Whether what is stored so far ends with a newline (or nothing is). */
  readonly endsLine: boolean;
  /** Bytes that are stored, and may be: beyond, the middle of the log is left out. */
  readonly storedBytes: number;
  readonly maxBytes: number;
  readonly onStored: () => void;
  readonly signal: AbortSignal;
}

type Pending = LogRecord & { readonly position?: StreamPosition };

const pendingLimit = 1024 * 1024;
const retryPause = 500;

export class LogWriter {
  readonly #options: LogWriterOptions;
  #pending: Pending[] = [];
  #pendingBytes = 0;
  #flushing: Promise<void> | undefined;
  #seq: number;
  #position: LogPosition;
  #endsLine: boolean;
  #storedBytes: number;

  constructor(options: LogWriterOptions) {
    this.#options = options;
    this.#seq = options.nextSeq;
    this.#position = options.position;
    this.#endsLine = options.endsLine;
    this.#storedBytes = options.storedBytes;
  }

  /** Where the reading of Docker's log stands in what is stored. */
  get position(): LogPosition {
    return this.#position;
  }

  /** Takes records of the container; resolves when there is room for more. Rejects with Fenced. */
  async add(records: readonly Pending[]): Promise<void> {
    for (const record of records) this.#push(record);
    this.#start();
    if (this.#pendingBytes > pendingLimit) await this.#flushing;
  }

  /** A line of ours, `[skeduler] text`, never inside another line. */
  async line(text: string): Promise<void> {
    const bytes = Buffer.from(`${this.#endsLine ? "" : "\n"}[skeduler] ${text.replaceAll(/[\r\n]+/g, " ")}\n`);
    await this.add([{ stream: "skeduler", ...now(), bytes }]);
  }

  /** Resolves when everything is stored. */
  async flush(): Promise<void> {
    while (this.#pending.length > 0 || this.#flushing !== undefined) {
      this.#start();
      await this.#flushing;
    }
  }

  #push(record: Pending): void {
    this.#pending.push(record);
    this.#pendingBytes += record.bytes.length;
    this.#endsLine = record.bytes.at(-1) === 0x0a;
  }

  #start(): void {
    if (this.#flushing !== undefined) return;
    this.#flushing = this.#flushAll().finally(() => {
      this.#flushing = undefined;
    });
    // Whoever adds or flushes next sees the failure; without a next one there is nobody to tell.
    this.#flushing.catch(() => undefined);
  }

  async #flushAll(): Promise<void> {
    while (this.#pending.length > 0) {
      const batch = this.#pending;
      this.#pending = [];
      let at = 0;
      while (at < batch.length) {
        const builder = new ChunkBuilder();
        const position: LogPosition = { ...this.#position };
        for (let record = batch[at]; record !== undefined && builder.fits(record); record = batch[++at]) {
          builder.add(record);
          if (record.position !== undefined && record.stream !== "skeduler") position[record.stream] = record.position;
        }
        const chunk = builder.build();
        await this.#store(chunk, position);
        this.#pendingBytes -= chunk.data.length;
      }
    }
  }

  async #store(chunk: ReturnType<ChunkBuilder["build"]>, position: LogPosition): Promise<void> {
    const { db, attemptId, epoch, maxBytes, onStored } = this.#options;
    await this.#patiently(async () => {
      if (!(await appendLog(db, { attemptId, epoch, seq: this.#seq, chunk, position }))) throw new Fenced();
    });
    this.#seq += 1;
    this.#position = position;
    this.#storedBytes += chunk.data.length;
    onStored();
    if (this.#storedBytes <= maxBytes) return;
    await this.#patiently(async () => {
      const kept = await cutLog(db, { attemptId, epoch, head: maxBytes / 2, end: (maxBytes * 3) / 8 });
      if (kept === undefined) throw new Fenced();
      this.#storedBytes = kept;
    });
  }

  /** Keeps trying while the database is away. */
  async #patiently(work: () => Promise<void>): Promise<void> {
    const { signal } = this.#options;
    for (;;) {
      signal.throwIfAborted();
      try {
        await work();
        return;
      } catch (error) {
        if (!isUnavailable(error)) throw error;
        await sleep(retryPause, undefined, { signal }).catch(() => undefined);
      }
    }
  }
}
