// One container's log from a position on. Asks Docker for what is since shortly before it and skips, per stream, what
// was seen. Where the positioned entry is not in the answer, or the clock went back, it reads the whole
// log and skips by count. Where even that is shorter than what was seen, Docker has dropped lines: LogGap.

import { asking, type Engine } from "./engine.ts";
import { Demuxer, type ContainerStream } from "./demux.ts";
import {
  copyPosition,
  EntryReader,
  nanosOf,
  type LogPosition,
  type StreamPosition,
  type TakeEntry,
} from "./log-entries.ts";
import { streamFrom } from "./engine-stream.ts";

export interface ReadOptions {
  readonly follow: boolean;
  readonly position: LogPosition;
  readonly signal: AbortSignal;
  /** Called for each entry in order. */
  readonly take: TakeEntry;
  /** Called after each piece that came from Docker: nothing is read until what it answers resolves. */
  readonly pace: () => Promise<void> | undefined;
}

/** Docker rotated its log: lines between these times may be missing. */
export class LogGap extends Error {}

/** The entry that was read last is not where it should be. */
export class Misplaced extends Error {
  constructor() {
    super("the entry that was read last is not in Docker's log");
  }
}

/** Resolves at the log's end (follow: at the container's). */
export async function readLog(engine: Engine, containerId: string, options: ReadOptions): Promise<void> {
  const since = sinceOf(options.position);
  if (since === undefined) return read(engine, containerId, options, skippers(options.position, undefined), undefined);
  const skips = skippers(options.position, since);
  try {
    await read(engine, containerId, options, skips, since);
  } catch (error) {
    if (!(error instanceof Misplaced)) throw error;
    // One stream may have found its place and gone on.
    const position = { stdout: skips.stdout.position, stderr: skips.stderr.position };
    await read(engine, containerId, options, skippers(position, undefined), undefined);
  }
}

/**
 * Docker keeps both streams in one file and we read it in order, so what is unseen was logged after all that is seen. Its
 * times may still be a little older: the streams' writers race to the file. Parts of a long line all carry its first time.
 */
const raceSeconds = 1;

/** The time from which to ask; undefined: the whole log has to be read. */
function sinceOf(position: LogPosition): Instant | undefined {
  const seen = [position.stdout, position.stderr].filter((stream) => stream !== undefined);
  const [first] = seen;
  if (first === undefined) return undefined;
  const latest = seen.reduce((a, b) => (isBefore(a, b) ? b : a), first);
  // A clock that went back since then writes entries that `since` would hide.
  if (latest.seconds > Date.now() / 1000) return undefined;
  const raced = { seconds: latest.seconds - raceSeconds, nanos: latest.nanos };
  return seen.filter((stream) => stream.long).reduce((a: Instant, b) => (isBefore(b, a) ? b : a), raced);
}

type Instant = Pick<StreamPosition, "seconds" | "nanos">;

function isBefore(a: Instant, b: Instant): boolean {
  return a.seconds < b.seconds || (a.seconds === b.seconds && a.nanos < b.nanos);
}

type Skippers = Readonly<Record<ContainerStream, Skipper>>;

function skippers(position: LogPosition, since: Instant | undefined): Skippers {
  return {
    stdout: new Skipper("stdout", position.stdout, since),
    stderr: new Skipper("stderr", position.stderr, since),
  };
}

async function read(
  engine: Engine,
  containerId: string,
  { follow, signal, take, pace }: ReadOptions,
  skips: Skippers,
  since: Instant | undefined,
): Promise<void> {
  const demuxer = new Demuxer();
  const onFrame = (stream: ContainerStream, bytes: Buffer, from: number, to: number): void =>
    skips[stream].take(bytes, from, to, take);
  const query = {
    ...(follow && { follow: "true" }),
    ...(since && { since: `${since.seconds}.${String(since.nanos).padStart(9, "0")}` }),
  };
  await asking(engine, async () =>
    streamFrom(engine, "GET", logPath(containerId, query), {
      signal,
      take: (piece): Promise<void> | undefined => {
        demuxer.push(piece, onFrame);
        return pace();
      },
    }),
  );
  if (follow) return;
  skips.stdout.finish();
  skips.stderr.finish();
}

export function logPath(containerId: string, query: Readonly<Record<string, string>>): string {
  const all = new URLSearchParams({ stdout: "true", stderr: "true", timestamps: "true", ...query });
  return `/containers/${containerId}/logs?${all.toString()}`;
}

/** Leaves out of one stream what was seen before. */
class Skipper {
  readonly #reader: EntryReader;
  readonly #seen: StreamPosition | undefined;
  readonly #bySince: boolean;
  #passed = 0;
  #skipping: boolean;

  constructor(stream: ContainerStream, seen: StreamPosition | undefined, since: Instant | undefined) {
    this.#reader = new EntryReader(stream);
    this.#seen = seen;
    this.#bySince = since !== undefined;
    // What was seen last is not in the answer where it is older than `since`: then all of the answer is new.
    this.#skipping = seen !== undefined && (since === undefined || !isBefore(seen, since));
    if (seen !== undefined && !this.#skipping) this.#reader.resume(seen);
  }

  /** Where the stream stands by now. */
  get position(): StreamPosition | undefined {
    return this.#skipping || this.#reader.entries === 0 ? this.#seen : copyPosition(this.#reader);
  }

  take(bytes: Buffer, from: number, to: number, take: TakeEntry): void {
    if (!this.#skipping || this.#seen === undefined) {
      this.#reader.read(bytes, from, to, take);
      return;
    }
    if (this.#bySince) this.#skipSince(bytes, from, this.#seen);
    else this.#passed += 1;
    const wanted = this.#bySince ? this.#seen.same : this.#seen.entries;
    if (this.#passed < wanted) return;
    this.#skipping = false;
    this.#reader.resume(this.#seen);
  }

  #skipSince(bytes: Buffer, from: number, seen: StreamPosition): void {
    const time = { seconds: this.#reader.second(bytes, from), nanos: nanosOf(bytes, from) };
    if (isBefore(time, seen)) return;
    if (isBefore(seen, time)) throw new Misplaced();
    this.#passed += 1;
  }

  /** At the log's end: all that was seen must have been there. */
  finish(): void {
    if (!this.#skipping || this.#seen === undefined) return;
    if (this.#bySince) throw new Misplaced();
    const at = new Date(this.#seen.seconds * 1000).toISOString();
    throw new LogGap(`Docker's own log was cut: lines written after ${at} may be missing.`);
  }
}
