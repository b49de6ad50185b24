// Writes one attempt's log: records in, fenced chunks out. At once when nothing is in flight, else what has gathered when
// the last insert returns, or, where that took many, a tenth of a second later; so a lone line takes milliseconds and a flood goes
// in large rows. Whoever adds waits while half a megabyte is pending: a slow or absent Postgres slows the reading from Docker, and
// memory stays flat. After a failure nothing more is stored: the next reading takes up where the database stands.

import { setTimeout as sleep } from "node:timers/promises";
import type { Logger } from "pino";
import { isUnavailable } from "../database/faults.ts";
import type { Commit } from "../database/notifier.ts";
import type { Queryable } from "../database/pool.ts";
import { appendLog } from "../database/statements/append-log.ts";
import { cutLog } from "../database/statements/cut-log.ts";
import type { ContainerStream } from "../docker/demux.ts";
import { copyPosition, isBefore, type Instant, type LogPosition } from "../docker/log-entries.ts";
import { ChunkBuilder, newline, now, type Chunk, type Stream } from "../logs/chunk-format.ts";
import type { Lane } from "./lane.ts";
import { Loudness } from "./loudness.ts";
import { BlockBuilder, type Block } from "../metrics/block.ts";
import { PrintedReader } from "../metrics/printed.ts";
import type { LineAssembler, TakeRecord } from "./line-assembler.ts";

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
  /** Large chunks of all attempts take turns there. */
  readonly heavy: Lane;
  /** Milliseconds, of a clock that is never set back. */
  readonly clock?: () => number;
  /** Told of the bytes that were stored. */
  readonly collect: (bytes: number) => void;
  /** Has a chunk stored, and tells of it, with the very commit where it gives a payload for that. */
  readonly tell: (chunk: Chunk, seq: number, store: Commit<void>) => Promise<void>;
  /** Told of each chunk that was stored, and how many seconds that took. */
  readonly onStored: (chunk: Chunk, seconds: number) => void;
  readonly signal: AbortSignal;
  readonly log: Logger;
}

/** Chunks that wait to be stored before whoever adds has to wait: half a megabyte. */
const waitingLimit = 2;
/** A chunk of up to this many bytes takes a millisecond or two, and waits for no other. */
const lightBytes = 32 * 1024;
const retryPause = 500;

interface Waiting {
  readonly chunk: Chunk;
  /** What lines of it say in the form of a metric. */
  readonly metrics: Block | undefined;
  /** Where the reading of Docker's log stands once it is stored. */
  readonly position: LogPosition;
}

export class LogWriter {
  readonly #options: LogWriterOptions;
  /** What was added since the last chunk was cut off. */
  readonly #builder = new ChunkBuilder();
  readonly #loudness: Loudness;
  readonly #printed: PrintedReader;
  #metrics: BlockBuilder | undefined;
  #waiting: Waiting[] = [];
  #flushing: Promise<void> | undefined;
  #room: PromiseWithResolvers<void> | undefined;
  /** Resolved when what was added has gathered for long enough. */
  #gathered: PromiseWithResolvers<void> | undefined;
  /** How many wait for everything to be stored. */
  #hurried = 0;
  readonly #failure = new AbortController();
  #seq: number;
  readonly #position: Partial<Record<ContainerStream, ReturnType<typeof copyPosition>>> = {};
  /** What waits for the rest of its line in the reading that is under way, and what did so in the one before. */
  #assemblers: readonly Pick<LineAssembler, "held">[] = [];
  #heldBefore: Instant | undefined;
  #endsLine: boolean;
  #storedBytes: number;
  readonly #said: Set<string>;

  constructor(options: LogWriterOptions) {
    this.#options = options;
    this.#loudness = new Loudness(options.clock);
    this.#seq = options.nextSeq;
    const { stdout, stderr, held } = options.position;
    this.#heldBefore = held;
    if (stdout !== undefined) this.#position.stdout = copyPosition(stdout);
    if (stderr !== undefined) this.#position.stderr = copyPosition(stderr);
    // What is stored may end within a line, whose rest is no line of its own.
    const within = (one: typeof stdout): boolean => one !== undefined && (one.long || one.owed);
    this.#printed = new PrintedReader({ stdout: within(stdout), stderr: within(stderr) });
    this.#endsLine = options.endsLine;
    this.#storedBytes = options.storedBytes;
    this.#said = new Set(options.position.said);
  }

  /** Where the reading of Docker's log stands in what was added: after a flush, in what is stored. */
  get position(): LogPosition {
    const { stdout, stderr } = this.#position;
    const held = this.#assemblers.map((one) => one.held).filter((one) => one !== undefined);
    const oldest = held.length > 0 ? held.reduce((a, b) => (isBefore(b, a) ? b : a)) : this.#heldBefore;
    return {
      ...(stdout && { stdout: copyPosition(stdout) }),
      ...(stderr && { stderr: copyPosition(stderr) }),
      ...(oldest && { held: oldest }),
      ...(this.#said.size > 0 && { said: [...this.#said] }),
    };
  }

  /** Whether the log prints much. */
  get isLoud(): boolean {
    return this.#loudness.left > 0;
  }

  /** Aborts, with the reason, when something could not be stored: what was added after is not stored either. */
  get failed(): AbortSignal {
    return this.#failure.signal;
  }

  /** A reading begins, whose records come through these. */
  reads(assemblers: readonly Pick<LineAssembler, "held">[]): void {
    this.#assemblers = assemblers;
  }

  /** Adds a record of the container; `start` or `room` is to be called after some. */
  readonly record: TakeRecord = (reader, seconds, nanos, bytes, from, to) => {
    const sample = this.#printed.read(reader.stream, seconds, nanos, bytes, from, to);
    if (sample !== undefined && this.#metrics?.fits(sample) === false) this.#cut();
    this.#add(reader.stream, seconds, nanos, bytes, from, to);
    if (sample !== undefined) (this.#metrics ??= new BlockBuilder()).add(sample);
    this.#position[reader.stream] = copyPosition(reader, this.#position[reader.stream]);
    this.#heldBefore = undefined; // it was read again before anything else
  };

  /**
   * A line of ours, `[skeduler] text`, never inside another line. With `once` it is stored under this name together with the
   * line, and never again: a runner that dies after it leaves it to its successor as said. Resolves when there is room for more.
   */
  async line(text: string, once?: string): Promise<void> {
    this.note(text, once);
    await this.room();
  }

  /** The same, stored with whatever is stored next. */
  note(text: string, once?: string): void {
    if (once !== undefined && this.#said.has(once)) return;
    const { seconds, nanos } = now();
    const add = (bytes: Buffer): void => this.#add("skeduler", seconds, nanos, bytes, 0, bytes.length);
    if (!this.#endsLine) add(Buffer.of(newline)); // by itself: a record has one line, or the rest of one
    add(Buffer.from(`[skeduler] ${text.replaceAll(/[\r\n]+/g, " ")}\n`));
    if (once !== undefined) this.#said.add(once); // in the position of the chunk that holds the line, and not of one before
  }

  /** Sees to it that what was added is stored. */
  start(): void {
    if (this.#flushing !== undefined || this.failed.aborted || this.#nothing) return;
    this.#flushing = this.#flushAll().catch((error: unknown) => {
      this.#flushing = undefined;
      this.#failure.abort(error);
      this.#room?.resolve();
    });
  }

  /** Undefined, or resolves when there is room for more. Throws, or rejects, with Fenced and whatever else has failed. */
  room(): Promise<void> | undefined {
    this.failed.throwIfAborted();
    this.start();
    if (this.#waiting.length < waitingLimit) return undefined;
    this.#room ??= Promise.withResolvers();
    return this.#room.promise.then(() => this.failed.throwIfAborted());
  }

  /** Resolves when everything is stored. */
  async flush(): Promise<void> {
    this.#hurried += 1;
    this.#gathered?.resolve();
    try {
      for (;;) {
        this.failed.throwIfAborted();
        if (this.#nothing) return;
        this.start();
        await this.#flushing;
      }
    } finally {
      this.#hurried -= 1;
    }
  }

  /** Stores nothing more. Resolves when nothing is on its way. */
  async stop(): Promise<void> {
    this.#failure.abort(new Error("the writing of this log was stopped"));
    this.#room?.resolve();
    this.#gathered?.resolve();
    await this.#flushing;
  }

  #add(stream: Stream, seconds: number, nanos: number, bytes: Buffer, from: number, to: number): void {
    if (!this.#builder.fits(seconds, nanos, to - from)) this.#cut();
    this.#builder.add(stream, seconds, nanos, bytes, from, to);
    this.#endsLine = bytes[to - 1] === newline;
  }

  /** What was added becomes a chunk. */
  #cut(): void {
    this.#waiting.push({ chunk: this.#builder.take(), metrics: this.#metrics?.build(), position: this.position });
    this.#metrics = undefined;
    this.#gathered?.resolve();
  }

  get #nothing(): boolean {
    return this.#waiting.length === 0 && this.#builder.empty;
  }

  async #flushAll(): Promise<void> {
    do {
      if (this.#waiting.length === 0 && this.#mayGather) await this.#gather();
      if (this.#waiting.length === 0) this.#cut();
      const [next] = this.#waiting;
      if (next === undefined) break;
      await this.#store(next);
      this.#waiting.shift();
      this.#builder.giveBack(next.chunk);
      if (this.#waiting.length < waitingLimit) {
        this.#room?.resolve();
        this.#room = undefined;
      }
    } while (!this.#nothing);
    this.#flushing = undefined; // at once: what is added from here on starts another
  }

  get #mayGather(): boolean {
    return this.isLoud && this.#hurried === 0 && !this.failed.aborted;
  }

  /** Resolves when a chunk is full, or what there is has gathered for long enough. */
  async #gather(): Promise<void> {
    this.#gathered = Promise.withResolvers();
    const timer = setTimeout(this.#gathered.resolve, this.#loudness.left);
    await this.#gathered.promise;
    clearTimeout(timer);
    this.#gathered = undefined;
  }

  async #store({ chunk, metrics, position }: Waiting): Promise<void> {
    const { db, attemptId, epoch, maxBytes, heavy, collect, tell, onStored } = this.#options;
    const began = performance.now();
    const seq = this.#seq;
    const append = async (payload?: string): Promise<void> => {
      if (!(await appendLog(db, { attemptId, epoch, seq, chunk, metrics, position, payload }))) throw new Fenced();
    };
    const told = async (): Promise<void> => tell(chunk, seq, append);
    await this.#patiently(chunk.data.length > lightBytes ? async () => heavy(told) : told);
    this.#seq += 1;
    this.#storedBytes += chunk.data.length;
    this.#loudness.stored(chunk.data.length);
    collect(chunk.data.length);
    onStored(chunk, (performance.now() - began) / 1000);
    if (this.#storedBytes <= maxBytes) return;
    await this.#patiently(async () => {
      const [head, end] = [Math.floor(maxBytes / 2), Math.floor((maxBytes * 3) / 8)];
      const kept = await cutLog(db, { attemptId, epoch, head, end });
      if (kept === undefined) throw new Fenced();
      this.#storedBytes = kept;
    });
  }

  /** Keeps trying while the database is away, or has no room. */
  async #patiently(work: () => Promise<void>): Promise<void> {
    const { signal, log, attemptId } = this.#options;
    for (let tries = 0; ; tries++) {
      signal.throwIfAborted();
      this.failed.throwIfAborted();
      try {
        await work();
        if (tries > 0) log.info({ attempt: attemptId }, "the log is stored again");
        return;
      } catch (error) {
        if (!isUnavailable(error)) throw error;
        if (tries === 0)
          log.warn({ attempt: attemptId, err: error }, "the log cannot be stored; it waits in Docker's own");
        await sleep(retryPause, undefined, { signal }).catch(() => undefined);
      }
    }
  }
}
