// The line that stands for the middle of a log that was too large to be kept. Pure: the chunks on both sides of the gap
// know how much is missing between them, and from when to when.

import { formatTime, records } from "./chunk-format.ts";
import { cut, total, type StoredChunk, type View } from "./view.ts";

/**
 * The line where `chunk` does not follow on `before` (undefined: nothing was read before it); empty where it does, and in
 * a view without our lines. Never inside another line.
 */
export function markGap(
  view: View,
  attempt: number,
  before: StoredChunk | undefined,
  chunk: StoredChunk,
  timestamps: boolean,
): Buffer {
  const none = Buffer.alloc(0);
  if (before === undefined || chunk.seq === before.seq + 1 || !view.streams.includes("skeduler")) return none;
  const begins = endOf(view, before);
  const resumes = total(view, chunk.offsets);
  if (begins === resumes) return none;
  const stamp = timestamps ? `${formatTime(chunk.base)} ` : "";
  const newline = [0x0a, undefined].includes(cut(view, before).at(-1)) ? "" : "\n";
  const [from, to] = [formatTime(lastTime(before)), formatTime(chunk.base)];
  return Buffer.from(
    `${newline}${stamp}[skeduler] the log is too large (logs.max_bytes): ${resumes - begins} bytes written from ${from} to ${to} ` +
      `are not kept; what follows begins at position ${attempt}.${resumes}\n`,
  );
}

/** The offset after a chunk. */
export function endOf(view: View, chunk: StoredChunk): number {
  return total(view, chunk.offsets) + total(view, chunk.lengths);
}

function lastTime(chunk: StoredChunk): { readonly seconds: number; readonly nanos: number } {
  let last = chunk.base;
  for (const { seconds, nanos } of records(chunk.base, chunk.data, chunk.entries)) last = { seconds, nanos };
  return last;
}
