// Where a reading stands in the whole of Docker's log, where `since` does not tell: one pass that takes nothing. Docker drops all of a
// log that has grown too large and begins anew, so counts do not last: an entry is known by its time and its place among those of one
// time. That something is not there counts only in an answer that came whole, so this one is in HTTP's chunks, which have an end.

import { Demuxer, type ContainerStream } from "./demux.ts";
import { asking, type Engine } from "./engine.ts";
import { EntryReader, isBefore, type Instant, type LogPosition, type StreamPosition } from "./log-entries.ts";

export interface Place {
  /** Entries of the stream up to the one that was read last, that included; 0: it is not there. */
  readonly passed: number;
  /** The time of the stream's first entry, if there is any. */
  readonly first: Instant | undefined;
}

export type Places = Readonly<Record<ContainerStream, Place>>;

export async function findPlaces(
  engine: Engine,
  containerId: string,
  { stdout, stderr }: LogPosition,
  signal: AbortSignal,
): Promise<Places> {
  const finders = { stdout: new Finder("stdout", stdout), stderr: new Finder("stderr", stderr) };
  if (stdout === undefined && stderr === undefined) return finders;
  const demuxer = new Demuxer();
  try {
    await asking(engine, async () => {
      for await (const piece of await wholeLog(engine, containerId, signal))
        demuxer.push(piece as Buffer, (stream, bytes, from) => finders[stream].look(bytes, from));
    });
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  }
  return finders;
}

/** Between which times lines may be missing: undefined where Docker still has what was read last, of whichever stream. */
export function droppedBetween({ stdout, stderr }: LogPosition, places: Places): [from: Date, to: Date] | undefined {
  const seen = [stdout, stderr].filter((stream) => stream !== undefined);
  if (seen.length === 0 || places.stdout.passed > 0 || places.stderr.passed > 0) return undefined;
  const firsts = [places.stdout.first, places.stderr.first].filter((first) => first !== undefined);
  const times = (instants: readonly Instant[]): number[] =>
    instants.map(({ seconds, nanos }) => seconds * 1000 + nanos / 1e6);
  return [new Date(Math.max(...times(seen))), new Date(Math.min(Date.now(), ...times(firsts)))];
}

async function wholeLog(engine: Engine, id: string, abortSignal: AbortSignal): Promise<NodeJS.ReadableStream> {
  return new Promise((resolve, reject) => {
    engine.docker.modem.dial(
      {
        method: "GET",
        path: `/containers/${id}/logs?`,
        options: { stdout: true, stderr: true, timestamps: true },
        isStream: true,
        statusCodes: { 200: true },
        abortSignal,
      },
      (error, answer) => {
        if (error !== null) reject(error);
        else resolve(answer as NodeJS.ReadableStream);
      },
    );
  });
}

class Finder implements Place {
  passed = 0;
  first: Instant | undefined;
  readonly #reader: EntryReader;
  readonly #seen: StreamPosition | undefined;
  #count = 0;
  /** Entries in a row with the time of the one that was read last. */
  #run = 0;

  constructor(stream: ContainerStream, seen: StreamPosition | undefined) {
    this.#reader = new EntryReader(stream);
    this.#seen = seen;
  }

  look(bytes: Buffer, from: number): void {
    const time = this.#reader.time(bytes, from);
    this.first ??= time;
    this.#count += 1;
    const seen = this.#seen;
    if (seen === undefined || isBefore(time, seen) || isBefore(seen, time)) {
      this.#run = 0;
      return;
    }
    this.#run += 1;
    // There are fewer where the log begins within a long line, all of which was read if its end was, and where Docker gave one
    // twice as it cut its log.
    if (this.#run === seen.same || (this.#run < seen.same && !seen.long)) this.passed = this.#count;
  }
}
