// One stored chunk of a log: `data` is the bytes of all streams in the order they came, `entries` says per record which
// stream, how long, and when. Pure. A record is a line with its newline, or a piece of a line (very long, or the last).
// Encoding of `entries`, per record: varint(length * 4 + stream), varint(zigzag(nanoseconds since the record before)).

export const streams = ["stdout", "stderr", "skeduler"] as const;
export type Stream = (typeof streams)[number];

/** A time to the nanosecond, as two numbers that JavaScript holds exactly. */
export interface Time {
  readonly seconds: number;
  readonly nanos: number;
}

export interface LogRecord extends Time {
  readonly stream: Stream;
  readonly bytes: Buffer;
}

/** Bytes of data in a chunk at most, unless one record alone is longer. Rows of this size are where inserts stop getting faster. */
export const chunkBytes = 256 * 1024;

/** Times further apart than this start a new chunk: their difference must be exact in a double. */
const longestGap = 2 ** 50;

export type PerStream = Record<Stream, number>;

/** The sum, stream by stream. */
export const plus = (a: PerStream, b: PerStream): PerStream => ({
  stdout: a.stdout + b.stdout,
  stderr: a.stderr + b.stderr,
  skeduler: a.skeduler + b.skeduler,
});

export interface Chunk {
  readonly base: Time;
  readonly last: Time;
  readonly bytes: Readonly<PerStream>;
  readonly lines: Readonly<PerStream>;
  readonly data: Buffer;
  readonly entries: Buffer;
}

export const newline = 0x0a;

/** A chunk of up to this many bytes is copied out of the buffer that it was gathered in, a larger one takes that along. */
const copiedBytes = 32 * 1024;
/** Buffers that were given back and wait for another chunk. */
const mostSpare = 2;

/** Gathers records into chunks, one after the other, in buffers that it keeps or is given back. */
export class ChunkBuilder {
  readonly #spare: Buffer[] = [];
  #data: Buffer = Buffer.allocUnsafe(4096);
  #size = 0;
  #entries: Buffer = Buffer.allocUnsafe(1024);
  #used = 0;
  #base: Time | undefined;
  #seconds = 0;
  #nanos = 0;
  #bytes: PerStream = { stdout: 0, stderr: 0, skeduler: 0 };
  #lines: PerStream = { stdout: 0, stderr: 0, skeduler: 0 };

  get empty(): boolean {
    return this.#base === undefined;
  }

  /** Whether a record of this time and length has room here; an empty chunk takes any. */
  fits(seconds: number, nanos: number, length: number): boolean {
    if (this.#base === undefined) return true;
    return this.#size + length <= chunkBytes && Math.abs(this.#until(seconds, nanos)) < longestGap;
  }

  /** Adds the record bytes[from, to). */
  add(stream: Stream, seconds: number, nanos: number, bytes: Buffer, from: number, to: number): void {
    if (this.#base === undefined) {
      this.#base = { seconds, nanos };
      this.#seconds = seconds;
      this.#nanos = nanos;
    }
    const length = to - from;
    if (this.#used + longestEntry > this.#entries.length)
      this.#entries = grown(this.#entries, this.#used, longestEntry);
    if (this.#size + length > this.#data.length) this.#data = grown(this.#data, this.#size, length);
    const delta = this.#until(seconds, nanos);
    this.#used = writeVarint(this.#entries, this.#used, length * 4 + streams.indexOf(stream));
    this.#used = writeVarint(this.#entries, this.#used, delta >= 0 ? delta * 2 : -delta * 2 - 1);
    this.#seconds = seconds;
    this.#nanos = nanos;
    bytes.copy(this.#data, this.#size, from, to);
    this.#size += length;
    this.#bytes[stream] += length;
    if (length > 0 && bytes[to - 1] === newline) this.#lines[stream] += 1;
  }

  /** The chunk; what comes next goes into another. */
  take(): Chunk {
    if (this.#base === undefined) throw new Error("an empty chunk is never made");
    const chunk = {
      base: this.#base,
      last: { seconds: this.#seconds, nanos: this.#nanos },
      bytes: this.#bytes,
      lines: this.#lines,
      data: this.#size > copiedBytes ? this.#handOver() : Buffer.from(this.#data.subarray(0, this.#size)),
      entries: Buffer.from(this.#entries.subarray(0, this.#used)),
    };
    this.#base = undefined;
    this.#size = 0;
    this.#used = 0;
    this.#bytes = { stdout: 0, stderr: 0, skeduler: 0 };
    this.#lines = { stdout: 0, stderr: 0, skeduler: 0 };
    return chunk;
  }

  /** Nobody needs this chunk of ours any more: its buffer takes another, and is no garbage that lives long enough to grow old. */
  giveBack({ data }: Chunk): void {
    if (data.buffer.byteLength === chunkBytes && this.#spare.length < mostSpare)
      this.#spare.push(Buffer.from(data.buffer));
  }

  #handOver(): Buffer {
    const data = this.#data.subarray(0, this.#size);
    this.#data = this.#spare.pop() ?? Buffer.allocUnsafeSlow(chunkBytes);
    return data;
  }

  /** Nanoseconds from the last record's time. */
  #until(seconds: number, nanos: number): number {
    return (seconds - this.#seconds) * 1e9 + (nanos - this.#nanos);
  }
}

/** Two varints of 53 bits at most. */
const longestEntry = 16;

/** A larger buffer with the first `used` bytes of this one and room for `more`. */
function grown(buffer: Buffer, used: number, more: number): Buffer {
  const larger = Buffer.allocUnsafe(Math.max(used + more, buffer.length * 2));
  buffer.copy(larger, 0, 0, used);
  return larger;
}

/** The records of a stored chunk, views into its data. */
export function* records(base: Time, data: Buffer, entries: Buffer): Generator<LogRecord> {
  let at = 0;
  let offset = 0;
  let { seconds, nanos } = base;
  const read = (): number => {
    let value = 0;
    let scale = 1;
    for (;;) {
      const byte = entries[at++];
      if (byte === undefined) throw new Error("a log chunk's index is cut short");
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
      scale *= 128;
    }
  };
  while (at < entries.length) {
    const head = read();
    const zigzag = read();
    const delta = zigzag % 2 === 0 ? zigzag / 2 : -(zigzag + 1) / 2;
    const total = nanos + delta;
    const carry = Math.floor(total / 1e9);
    seconds += carry;
    nanos = total - carry * 1e9;
    const stream = streams[head % 4];
    if (stream === undefined) throw new Error("a log chunk names an unknown stream");
    const length = Math.floor(head / 4);
    yield { stream, seconds, nanos, bytes: data.subarray(offset, offset + length) };
    offset += length;
  }
}

function writeVarint(buffer: Buffer, at: number, value: number): number {
  let rest = value;
  let index = at;
  for (; rest > 0x7fffffff; rest = Math.floor(rest / 128)) buffer[index++] = (rest % 128) | 0x80;
  for (; rest >= 128; rest >>= 7) buffer[index++] = (rest & 0x7f) | 0x80;
  buffer[index++] = rest;
  return index;
}

/** RFC 3339 with nine digits, as Docker prints it. */
export function formatTime(time: Time): string {
  return `${new Date(time.seconds * 1000).toISOString().slice(0, 19)}.${String(time.nanos).padStart(9, "0")}Z`;
}

/** An RFC 3339 time; digits beyond the nanosecond are dropped. */
export function parseTime(text: string): Time {
  const [, fraction = ""] = /\.(\d+)/.exec(text) ?? [];
  return {
    seconds: Math.floor(Date.parse(text.replace(/\.\d+/, "")) / 1000),
    nanos: Number(fraction.slice(0, 9).padEnd(9, "0")),
  };
}

/** Now, to the millisecond that Node knows. */
export function now(): Time {
  const ms = Date.now();
  return { seconds: Math.floor(ms / 1000), nanos: (ms % 1000) * 1_000_000 };
}
