// Frames of a log read with timestamps → entries as the container wrote them: time parsed, the newline that the `local`
// driver drops after a line above 16 KB put back, and each entry's position, so that a reading can be taken up anywhere.
// Measured on Docker 20.10: such a line comes as entries of exactly 16,384 bytes and one time, then its rest without
// newline (empty where the length is a multiple). A rest that is the log's last entry may or may not have had one: then
// no newline is given.

import type { ContainerStream, Frame } from "./demux.ts";

/** Where the reading of one stream stands; plain JSON, kept in Postgres between runners. */
export interface StreamPosition {
  /** Docker's time of the last entry seen. */
  readonly seconds: number;
  readonly nanos: number;
  /** Entries seen with exactly that time. */
  readonly same: number;
  /** Entries seen in all. */
  readonly entries: number;
  /** The last entry ended a line above 16 KB whose newline is given when another entry proves it. */
  readonly owed: boolean;
  /** The last entry was a full part of a line above 16 KB. */
  readonly long: boolean;
}

export type LogPosition = Partial<Record<ContainerStream, StreamPosition>>;

export interface LogEntry {
  readonly stream: ContainerStream;
  readonly seconds: number;
  readonly nanos: number;
  readonly bytes: Buffer;
  /** Where the stream stands after this entry. */
  readonly position: StreamPosition;
}

/** Docker's parts of a long line have this length. */
const partLength = 16_384;
/** "2026-01-02T03:04:05.123456789Z ": fixed width, then the bytes. */
const stampLength = 31;
const newline = Buffer.from("\n");

export const beginning: StreamPosition = { seconds: 0, nanos: 0, same: 0, entries: 0, owed: false, long: false };

/** Turns the frames of one stream of one log into entries. */
export class EntryReader {
  readonly #stream: ContainerStream;
  #position = beginning;
  #secondText = "";
  #second = 0;

  constructor(stream: ContainerStream) {
    this.#stream = stream;
  }

  /** Takes the reading up at a position, as if everything before it had been read. */
  resume(position: StreamPosition): void {
    this.#position = position;
  }

  get position(): StreamPosition {
    return this.#position;
  }

  time(frame: Frame): { seconds: number; nanos: number } {
    const text = frame.payload.toString("latin1", 0, stampLength - 1);
    const second = text.slice(0, 19);
    if (second !== this.#secondText) {
      this.#second = Date.parse(`${second}Z`) / 1000;
      if (!Number.isInteger(this.#second))
        throw new Error(`Docker's log has a line without a time: ${JSON.stringify(text)}`);
      this.#secondText = second;
    }
    return { seconds: this.#second, nanos: Number(text.slice(20, 29)) };
  }

  /** One frame gives one entry, and before it the newline owed to the line before. */
  *read(frame: Frame): Generator<LogEntry> {
    const { seconds, nanos } = this.time(frame);
    const before = this.#position;
    if (before.owed) {
      this.#position = { ...before, owed: false };
      yield {
        stream: this.#stream,
        seconds: before.seconds,
        nanos: before.nanos,
        bytes: newline,
        position: this.#position,
      };
    }
    let bytes = frame.payload.subarray(stampLength);
    const complete = bytes.at(-1) === 0x0a;
    const long = !complete && bytes.length === partLength;
    let owed = false;
    if (before.long && !complete && !long) {
      // The rest of a long line. An empty rest is there only because of its newline.
      if (bytes.length === 0) bytes = newline;
      else owed = true;
    }
    const same = seconds === before.seconds && nanos === before.nanos ? before.same + 1 : 1;
    this.#position = { seconds, nanos, same, entries: before.entries + 1, owed, long };
    yield { stream: this.#stream, seconds, nanos, bytes, position: this.#position };
  }
}
