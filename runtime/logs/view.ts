// A view is a choice of streams of one log, and its own count of bytes: positions, lengths and ranges are always of a view.
// Pure: parses `?stream=`, cuts a chunk's bytes for a view, prints times.

import { ApiError } from "../errors.ts";
import { formatTime, newline, records, streams, type PerStream, type Stream, type Time } from "./chunk-format.ts";

export interface View {
  readonly streams: readonly Stream[];
  /** The same for the same streams, in whichever order they were asked for: in ETags and in names of prepared statements. */
  readonly name: string;
}

/** `?stream=stdout,stderr`; absent or empty is every stream. Throws ApiError `validation`. */
export function parseView(text: string | undefined): View {
  if (text === undefined || text === "") return { streams, name: streams.join(",") };
  const asked = text.split(",");
  const unknown = asked.find((name) => !(streams as readonly string[]).includes(name));
  if (unknown !== undefined) {
    const message = `allowed are ${streams.join(", ")}, joined by commas`;
    throw new ApiError("validation", `The stream "${unknown}" is unknown: ${message}.`, {
      details: [{ path: "stream", message }],
    });
  }
  const chosen = streams.filter((stream) => asked.includes(stream));
  return { streams: chosen, name: chosen.join(",") };
}

/** The sum over a view's streams. */
export function total(view: View, counts: PerStream): number {
  return view.streams.reduce((sum, stream) => sum + counts[stream], 0);
}

export interface StoredChunk {
  readonly seq: number;
  readonly base: Time;
  /** What came before this chunk, per stream. */
  readonly offsets: PerStream;
  readonly lines: PerStream;
  readonly lengths: PerStream;
  readonly data: Buffer;
  readonly entries: Buffer;
}

/** A chunk's bytes in a view. */
export function cut(view: View, chunk: StoredChunk): Buffer {
  const whole = streams.every((stream) => chunk.lengths[stream] === 0 || view.streams.includes(stream));
  if (whole) return chunk.data;
  const parts: Buffer[] = [];
  for (const record of records(chunk.base, chunk.data, chunk.entries))
    if (view.streams.includes(record.stream)) parts.push(record.bytes);
  return Buffer.concat(parts);
}

export interface TimedRange {
  /** Bytes of the view within this chunk, `to` exclusive. */
  readonly from: number;
  readonly to: number;
  /** Whether the byte at `from` begins a line. */
  readonly atLineStart: boolean;
}

/** A range of a chunk in a view, with the time before each line that begins in it. */
export function cutWithTimes(view: View, chunk: StoredChunk, { from, to, atLineStart }: TimedRange): Buffer {
  const parts: Buffer[] = [];
  let starts = atLineStart;
  let at = 0;
  for (const record of records(chunk.base, chunk.data, chunk.entries)) {
    if (!view.streams.includes(record.stream)) continue;
    const bytes = record.bytes.subarray(Math.max(0, from - at), Math.max(0, to - at));
    at += record.bytes.length;
    if (bytes.length === 0) continue;
    if (starts) parts.push(Buffer.from(`${formatTime(record)} `, "latin1"));
    starts = bytes.at(-1) === newline;
    parts.push(bytes);
  }
  return Buffer.concat(parts);
}
