// Frames of a log read with timestamps → entries as the container wrote them: time parsed, the newline that the `local`
// driver drops after a line above 16 KB put back, and each entry's position, so that a reading can be taken up anywhere.
// Makes no object per entry: a log has millions.
// Measured on Docker 20.10: such a line comes as entries of exactly 16,384 bytes and one time, then its rest without
// newline (empty where the length is a multiple). A rest that is the log's last entry may or may not have had one: then
// no newline is given.

import type { ContainerStream } from "./demux.ts";

/** Docker's time of an entry. */
export interface Instant {
  readonly seconds: number;
  readonly nanos: number;
}

export function isBefore(a: Instant, b: Instant): boolean {
  return a.seconds < b.seconds || (a.seconds === b.seconds && a.nanos < b.nanos);
}

/** Where the reading of one stream stands, with the time of the last entry seen; plain JSON, kept in Postgres between runners. */
export interface StreamPosition extends Instant {
  /** Entries seen with exactly that time. */
  readonly same: number;
  /** Entries seen in all; where Docker was found to have dropped some, those of them that it still had. */
  readonly entries: number;
  /** The last entry ended a line above 16 KB whose newline is given when another entry proves it. */
  readonly owed: boolean;
  /** The last entry was a full part of a line above 16 KB. */
  readonly long: boolean;
}

export type LogPosition = Partial<Record<ContainerStream, StreamPosition | undefined>> & {
  /**
   * The oldest entry that is not stored though it stands before one that is: a piece of a line of one stream waited for the rest,
   * while the other went on.
   */
  readonly held?: Instant | undefined;
  /** Names of lines of ours that are stored and must not be said again. */
  readonly said?: readonly string[];
};

/**
 * An entry: its bytes are bytes[from, to), which are another's after the call; `reader` says its stream, its time, and where
 * the stream stands after it, until the next one.
 */
export type TakeEntry = (reader: EntryReader, bytes: Buffer, from: number, to: number) => void;

/** Docker's parts of a long line have this length. */
const partLength = 16_384;
/** "2026-01-02T03:04:05.123456789Z ": fixed width, then the bytes. */
const stampLength = 31;
const secondLength = 19;
const newline = Buffer.from("\n");

type Changing<T> = { -readonly [key in keyof T]: T[key] };

/** A position as it is now; `to`: written into that one. */
export function copyPosition(
  { seconds, nanos, same, entries, owed, long }: StreamPosition,
  to?: Changing<StreamPosition>,
): Changing<StreamPosition> {
  if (to === undefined) return { seconds, nanos, same, entries, owed, long };
  to.seconds = seconds;
  to.nanos = nanos;
  to.same = same;
  to.entries = entries;
  to.owed = owed;
  to.long = long;
  return to;
}

/** Turns the frames of one stream of one log into entries. Is itself the position of the last entry that it gave. */
export class EntryReader implements StreamPosition {
  readonly stream: ContainerStream;
  seconds = 0;
  nanos = 0;
  same = 0;
  entries = 0;
  owed = false;
  long = false;
  /** The second of the last frame, as text and as number: entries of one second share it. */
  readonly #secondText = Buffer.alloc(secondLength);
  #second = 0;

  constructor(stream: ContainerStream) {
    this.stream = stream;
  }

  /** Takes the reading up at a position, as if everything before it had been read. */
  resume(position: StreamPosition): void {
    copyPosition(position, this);
  }

  /** The same as `secondOf`, quicker. */
  second(bytes: Buffer, from: number): number {
    let at = secondLength - 1; // the last digits differ first
    while (at >= 0 && bytes[from + at] === this.#secondText[at]) at -= 1;
    if (at < 0) return this.#second;
    this.#second = secondOf(bytes, from);
    bytes.copy(this.#secondText, 0, from, from + secondLength);
    return this.#second;
  }

  /** A frame's time. */
  time(bytes: Buffer, from: number): Instant {
    return { seconds: this.second(bytes, from), nanos: nanosOf(bytes, from) };
  }

  /** One frame gives one entry, and before it the newline owed to the line before. */
  read(bytes: Buffer, from: number, to: number, take: TakeEntry): void {
    const seconds = this.second(bytes, from);
    const nanos = nanosOf(bytes, from);
    if (this.owed) {
      this.owed = false;
      take(this, newline, 0, 1);
    }
    const start = from + stampLength;
    const length = to - start;
    const complete = length > 0 && bytes[to - 1] === 0x0a;
    const long = !complete && length === partLength;
    const rest = this.long && !complete && !long; // the rest of a long line
    this.same = seconds === this.seconds && nanos === this.nanos ? this.same + 1 : 1;
    this.seconds = seconds;
    this.nanos = nanos;
    this.entries += 1;
    this.owed = rest && length > 0;
    this.long = long;
    if (rest && length === 0)
      take(this, newline, 0, 1); // it is there only because of its newline
    else take(this, bytes, start, to);
  }
}

/** The second of a frame's time. */
export function secondOf(bytes: Buffer, from: number): number {
  const text = bytes.toString("latin1", from, from + secondLength);
  const second = Date.parse(`${text}Z`) / 1000;
  if (!Number.isInteger(second)) throw new Error(`Docker's log has a line without a time: ${JSON.stringify(text)}`);
  return second;
}

/** The nanoseconds of a frame's time. */
export function nanosOf(bytes: Buffer, from: number): number {
  let nanos = 0;
  for (let at = from + secondLength + 1; at < from + stampLength - 2; at += 1)
    nanos = nanos * 10 + (bytes[at] ?? 0) - 0x30;
  return nanos;
}
