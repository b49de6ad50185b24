// One container's log from a position on. Asks Docker for what is since shortly before it and skips, per stream, what
// was seen. Where the positioned entry is not in the answer, or the clock went back, it is looked for in the whole log
// (log-place.ts), which is then read from there; where it is gone, all that Docker still has is new, and `gap` is told first.

import { asking, type Engine } from "./engine.ts";
import { Demuxer, type ContainerStream } from "./demux.ts";
import {
  copyPosition,
  EntryReader,
  isBefore,
  type Instant,
  type LogPosition,
  type StreamPosition,
  type TakeEntry,
} from "./log-entries.ts";
import { droppedBetween, findPlaces, type Place, type Places } from "./log-place.ts";
import { streamFrom } from "./engine-stream.ts";

export interface ReadOptions {
  readonly follow: boolean;
  readonly position: LogPosition;
  readonly signal: AbortSignal;
  /** Called for each entry in order. */
  readonly take: TakeEntry;
  /** Called after each piece that came from Docker: nothing is read until what it answers resolves. */
  readonly pace: () => Promise<void> | undefined;
  /** Called before what comes next is taken: Docker has dropped what was read last, and may have dropped more until `to`. */
  readonly gap: (from: Date, to: Date) => Promise<void>;
}

/** The entry that was read last is not where it should be. */
class Misplaced extends Error {
  constructor() {
    super("the entry that was read last is not in Docker's log");
  }
}

/** Resolves at the log's end (follow: at the container's). */
export async function readLog(engine: Engine, containerId: string, options: ReadOptions): Promise<void> {
  const { position } = options;
  const since = sinceOf(position);
  if (since === undefined) return readPlaced(engine, containerId, options, position);
  const skips = skippersBySince(position, since);
  await orPlaced(engine, containerId, options, skips, read(engine, containerId, options, skips, since));
}

/** Reads the whole log, of which it is looked up first how much was seen. */
async function readPlaced(
  engine: Engine,
  containerId: string,
  options: ReadOptions,
  position: LogPosition,
): Promise<void> {
  const { signal, gap } = options;
  const places = await findPlaces(engine, containerId, position, signal);
  const dropped = droppedBetween(position, places);
  if (dropped !== undefined) await gap(...dropped);
  const skips = skippersByPlace(position, places);
  await orPlaced(engine, containerId, options, skips, read(engine, containerId, options, skips, undefined));
}

/** Where something is misplaced, it is looked up; one stream may have found its place and gone on before. */
async function orPlaced(
  engine: Engine,
  containerId: string,
  options: ReadOptions,
  { stdout, stderr }: Skippers,
  reading: Promise<void>,
): Promise<void> {
  try {
    await reading;
  } catch (error) {
    if (!(error instanceof Misplaced)) throw error;
    await readPlaced(engine, containerId, options, { stdout: stdout.position, stderr: stderr.position });
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
  const early: Instant[] = seen.filter((stream) => stream.long);
  if (position.held !== undefined) early.push(position.held);
  return early.reduce((a, b) => (isBefore(b, a) ? b : a), raced);
}

type Skippers = Readonly<Record<ContainerStream, Skipper>>;

function skippersBySince({ stdout, stderr, held }: LogPosition, since: Instant): Skippers {
  const skips = {
    stdout: new Skipper("stdout", stdout, bySince(stdout, since)),
    stderr: new Skipper("stderr", stderr, bySince(stderr, since)),
  };
  if (held !== undefined) return skips;
  skips.stdout.other = skips.stderr;
  skips.stderr.other = skips.stdout;
  return skips;
}

function skippersByPlace({ stdout, stderr }: LogPosition, places: Places): Skippers {
  const counted = (seen: StreamPosition | undefined, { passed }: Place): StreamPosition | undefined =>
    seen && { ...seen, entries: passed };
  return {
    stdout: new Skipper("stdout", counted(stdout, places.stdout), byPlace(places.stdout)),
    stderr: new Skipper("stderr", counted(stderr, places.stderr), byPlace(places.stderr)),
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

/** Whether an entry, told in order by its time, is the last that was seen. */
type IsLast = (time: Instant) => boolean;

/** What was seen last is not in the answer where it is older than `since`: then all of the answer is new. */
function bySince(seen: StreamPosition | undefined, since: Instant): IsLast | undefined {
  if (seen === undefined || isBefore(seen, since)) return undefined;
  let passed = 0;
  return (time) => {
    if (isBefore(time, seen)) return false;
    if (isBefore(seen, time)) throw new Misplaced();
    return ++passed === seen.same;
  };
}

/** Where the log begins with another entry than when the place was looked up, Docker has cut it since. */
function byPlace({ passed, first }: Place): IsLast | undefined {
  if (passed === 0) return undefined;
  let count = 0;
  return (time) => {
    if (count === 0 && (time.seconds !== first?.seconds || time.nanos !== first.nanos)) throw new Misplaced();
    return ++count === passed;
  };
}

/** Leaves out of one stream what was seen before. */
class Skipper {
  /** Whose last seen entry has to come before anything that is new here. */
  other: Skipper | undefined;
  readonly #reader: EntryReader;
  readonly #seen: StreamPosition | undefined;
  /** While it skips. */
  #isLast: IsLast | undefined;

  constructor(stream: ContainerStream, seen: StreamPosition | undefined, isLast: IsLast | undefined) {
    this.#reader = new EntryReader(stream);
    this.#seen = seen;
    this.#isLast = isLast;
    if (seen !== undefined) this.#reader.resume(seen);
  }

  get skipping(): boolean {
    return this.#isLast !== undefined;
  }

  /** Where the stream stands by now. */
  get position(): StreamPosition | undefined {
    return this.skipping || this.#reader.entries === 0 ? this.#seen : copyPosition(this.#reader);
  }

  take(bytes: Buffer, from: number, to: number, take: TakeEntry): void {
    if (this.#isLast === undefined) {
      if (this.other?.skipping === true) throw new Misplaced();
      this.#reader.read(bytes, from, to, take);
    } else if (this.#isLast(this.#reader.time(bytes, from))) this.#isLast = undefined;
  }

  /** At the log's end: all that was seen must have been there. */
  finish(): void {
    if (this.skipping) throw new Misplaced();
  }
}
