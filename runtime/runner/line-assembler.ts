// Entries of one stream → records: whole lines, as far as they are not too long or too slow to wait for. Pure.
// Each record carries the position up to which its stream is stored once it is.

import type { ContainerStream } from "../docker/demux.ts";
import type { LogEntry, StreamPosition } from "../docker/log-entries.ts";
import type { LogRecord } from "../logs/chunk-format.ts";

/** A line is kept together up to this many bytes; beyond, it is stored in pieces and others may come between them. */
const longestHeld = 256 * 1024;

export interface ContainerRecord extends LogRecord {
  readonly stream: ContainerStream;
  readonly position: StreamPosition;
}

export class LineAssembler {
  #parts: Buffer[] = [];
  #size = 0;
  #first: LogEntry | undefined;
  #last: LogEntry | undefined;

  /** The record that this entry completes, if any. */
  add(entry: LogEntry): ContainerRecord | undefined {
    const complete = entry.bytes.at(-1) === 0x0a;
    if (complete && this.#first === undefined) return entry;
    this.#first ??= entry;
    this.#last = entry;
    this.#parts.push(entry.bytes);
    this.#size += entry.bytes.length;
    return complete || this.#size >= longestHeld ? this.release() : undefined;
  }

  /** What is held, as a piece of a line. */
  release(): ContainerRecord | undefined {
    const [first, last] = [this.#first, this.#last];
    if (first === undefined || last === undefined) return undefined;
    const bytes = Buffer.concat(this.#parts, this.#size);
    this.#parts = [];
    this.#size = 0;
    this.#first = undefined;
    this.#last = undefined;
    return { stream: first.stream, seconds: first.seconds, nanos: first.nanos, bytes, position: last.position };
  }
}
