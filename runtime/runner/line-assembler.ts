// Entries of one stream → records: whole lines, as far as they are not too long or too slow to wait for. Pure. A whole line
// passes without a copy; what has to wait for its end is gathered here.

import type { EntryReader, Instant } from "../docker/log-entries.ts";

/** A line is kept together up to this many bytes; beyond, it is stored in pieces and others may come between them. */
const longestHeld = 256 * 1024;

/**
 * A record: bytes[from, to), which are another's after the call, with the time of its first entry. `reader` stands at its
 * last: so far its stream is stored once the record is.
 */
export type TakeRecord = (
  reader: EntryReader,
  seconds: number,
  nanos: number,
  bytes: Buffer,
  from: number,
  to: number,
) => void;

export class LineAssembler {
  readonly #take: TakeRecord;
  #held: Buffer = Buffer.alloc(0);
  #size = 0;
  /** Of the first entry that is held. */
  #seconds = 0;
  #nanos = 0;
  #reader: EntryReader | undefined;

  constructor(take: TakeRecord) {
    this.#take = take;
  }

  /** The time of the first entry that is held; while it is given, too. */
  get held(): Instant | undefined {
    return this.#reader && { seconds: this.#seconds, nanos: this.#nanos };
  }

  /** Gives the record that this entry completes, if any. */
  add(reader: EntryReader, bytes: Buffer, from: number, to: number): void {
    const complete = to > from && bytes[to - 1] === 0x0a;
    if (complete && this.#reader === undefined) {
      this.#take(reader, reader.seconds, reader.nanos, bytes, from, to);
      return;
    }
    if (this.#reader === undefined) {
      this.#reader = reader;
      this.#seconds = reader.seconds;
      this.#nanos = reader.nanos;
    }
    this.#hold(bytes, from, to);
    if (complete || this.#size >= longestHeld) this.release();
  }

  /** Gives what is held, as a piece of a line. */
  release(): void {
    const reader = this.#reader;
    if (reader === undefined) return;
    this.#take(reader, this.#seconds, this.#nanos, this.#held, 0, this.#size);
    this.#reader = undefined;
    this.#size = 0;
  }

  #hold(bytes: Buffer, from: number, to: number): void {
    const size = this.#size + to - from;
    if (size > this.#held.length) {
      const larger = Buffer.allocUnsafe(Math.max(size, this.#held.length * 2));
      this.#held.copy(larger, 0, 0, this.#size);
      this.#held = larger;
    }
    bytes.copy(this.#held, this.#size, from, to);
    this.#size = size;
  }
}
