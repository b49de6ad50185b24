// Reads a container's log from a position on. Asks Docker for what is since shortly before it and skips, per stream, what
// was seen. Where the positioned entry is not in the answer, or the clock went back, it reads the whole
// log and skips by count. Where even that is shorter than what was seen, Docker has dropped lines: LogGap.

import { asking, type Engine } from "./engine.ts";
import { Demuxer, type ContainerStream, type Frame } from "./demux.ts";
import { EntryReader, type LogEntry, type LogPosition, type StreamPosition } from "./log-entries.ts";

export interface ReadOptions {
  readonly follow: boolean;
  readonly position: LogPosition;
  readonly signal: AbortSignal;
}

/** Docker rotated its log: lines between these times may be missing. */
export class LogGap extends Error {}

class Misplaced extends Error {}

/** Entries in batches, one per piece that comes from Docker. Ends with the log (follow: with the container). */
export async function* readLog(engine: Engine, containerId: string, options: ReadOptions): AsyncGenerator<LogEntry[]> {
  const since = sinceOf(options.position);
  if (since !== undefined) {
    try {
      yield* read(engine, containerId, options, since);
      return;
    } catch (error) {
      if (!(error instanceof Misplaced)) throw error;
    }
  }
  yield* read(engine, containerId, options, undefined);
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

async function* read(
  engine: Engine,
  containerId: string,
  options: ReadOptions,
  since: Instant | undefined,
): AsyncGenerator<LogEntry[]> {
  const stream = await open(engine, containerId, options, since);
  const demuxer = new Demuxer();
  const skips = {
    stdout: new Skipper("stdout", options.position.stdout, since),
    stderr: new Skipper("stderr", options.position.stderr, since),
  };
  const stop = (): void => stream.destroy();
  options.signal.addEventListener("abort", stop, { once: true });
  try {
    options.signal.throwIfAborted();
    for await (const chunk of stream) {
      const batch: LogEntry[] = [];
      for (const frame of demuxer.push(chunk)) skips[frame.stream].take(frame, batch);
      if (batch.length > 0) yield batch;
    }
    if (!options.follow) {
      skips.stdout.finish();
      skips.stderr.finish();
    }
  } catch (error) {
    options.signal.throwIfAborted();
    throw error;
  } finally {
    options.signal.removeEventListener("abort", stop);
    stream.destroy();
  }
}

interface ByteStream extends AsyncIterable<Buffer> {
  destroy(): void;
}

async function open(engine: Engine, id: string, options: ReadOptions, since: Instant | undefined): Promise<ByteStream> {
  const container = engine.docker.getContainer(id);
  // `since` goes as text: as a number it would lose digits.
  const text = since && `${since.seconds}.${String(since.nanos).padStart(9, "0")}`;
  const query = { stdout: true, stderr: true, timestamps: true, ...(text && { since: text as unknown as number }) };
  if (options.follow) {
    const stream = await asking(engine, async () =>
      container.logs({ ...query, follow: true, abortSignal: options.signal }),
    );
    return stream as unknown as ByteStream;
  }
  // dockerode would gather an unfollowed log in memory: `stream: true` of its modem is what followed logs use.
  const stream = await asking(engine, async () => unfollowed(engine, id, query));
  return stream;
}

async function unfollowed(engine: Engine, id: string, query: Record<string, unknown>): Promise<ByteStream> {
  return new Promise((resolve, reject) => {
    const search = new URLSearchParams(
      Object.entries(query).map(([key, value]): [string, string] => [key, String(value)]),
    );
    const done = (error: Error | null, data: unknown): void => {
      if (error === null) resolve(data as ByteStream);
      else reject(error);
    };
    engine.docker.modem.dial(
      {
        path: `/containers/${id}/logs?${search.toString()}`,
        method: "GET",
        isStream: true,
        statusCodes: { 200: true },
      },
      done,
    );
  });
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

  take(frame: Frame, out: LogEntry[]): void {
    if (this.#skipping && this.#seen !== undefined) {
      if (this.#bySince) this.#skipSince(frame, this.#seen);
      else this.#passed += 1;
      const wanted = this.#bySince ? this.#seen.same : this.#seen.entries;
      if (this.#passed === wanted) {
        this.#skipping = false;
        this.#reader.resume(this.#seen);
      }
      return;
    }
    for (const entry of this.#reader.read(frame)) out.push(entry);
  }

  #skipSince(frame: Frame, seen: StreamPosition): void {
    const time = this.#reader.time(frame);
    if (isBefore(time, seen)) return;
    if (isBefore(seen, time)) throw new Misplaced("the entry that was read last is not in Docker's log");
    this.#passed += 1;
  }

  /** At the log's end: all that was seen must have been there. */
  finish(): void {
    if (!this.#skipping || this.#seen === undefined) return;
    if (this.#bySince) throw new Misplaced("the entry that was read last is not in Docker's log");
    const at = new Date(this.#seen.seconds * 1000).toISOString();
    throw new LogGap(`Docker's own log was cut: lines written after ${at} may be missing.`);
  }
}
