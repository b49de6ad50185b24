// A stored log as bytes: a range of a view, in pieces of about a megabyte, whatever the log's length.

import type { Queryable } from "../database/pool.ts";
import { findChunk, readChunks, type LogState } from "../database/statements/read-log.ts";
import { cut, total, type StoredChunk, type View } from "./view.ts";

export type Attempt = NonNullable<LogState["attempt"]>;

const chunksPerRead = 4;

export interface Range {
  readonly view: View;
  /** Bytes of the view, start inclusive, end exclusive. Of the plain view, also where `timestamps` makes the answer longer. */
  readonly start: number;
  readonly end: number;
  readonly timestamps: boolean;
}

/** The bytes of a range; memory stays at a few chunks. */
export async function* readRange(db: Queryable, attempt: Attempt, range: Range): AsyncGenerator<Buffer> {
  if (range.start >= range.end) return;
  let seq = range.start === 0 ? 0 : await findChunk(db, attempt, range.view, "offset", range.start);
  let next: Promise<StoredChunk[]> = readChunks(db, attempt, seq, chunksPerRead);
  let atLineStart = true;
  while (seq < attempt.nextSeq) {
    const chunks = await next;
    const last = chunks.at(-1);
    if (last === undefined) return;
    seq = last.seq + 1;
    const more = seq < attempt.nextSeq && total(range.view, last.offsets) + total(range.view, last.lengths) < range.end;
    // The next read runs while this one is sent.
    if (more) {
      next = readChunks(db, attempt, seq, chunksPerRead);
      next.catch(() => undefined); // awaited in the next turn; a client that left may never get there
    }
    for (const chunk of chunks) {
      const bytes = slice(range, chunk, atLineStart);
      if (bytes.length > 0) {
        atLineStart = bytes.at(-1) === 0x0a;
        yield bytes;
      }
    }
    if (!more) return;
  }
}

function slice(range: Range, chunk: StoredChunk, atLineStart: boolean): Buffer {
  const offset = total(range.view, chunk.offsets);
  const from = Math.max(0, range.start - offset);
  const to = Math.min(total(range.view, chunk.lengths), range.end - offset);
  if (to <= from) return Buffer.alloc(0);
  const trimmed = from > 0 || to < total(range.view, chunk.lengths);
  if (!range.timestamps)
    return trimmed ? cut(range.view, chunk, false).subarray(from, to) : cut(range.view, chunk, false);
  return cutWithTimes(range.view, chunk, from, to, atLineStart);
}

/** Times stand before lines, so a trimmed chunk is cut record by record. */
function cutWithTimes(view: View, chunk: StoredChunk, from: number, to: number, atLineStart: boolean): Buffer {
  if (from === 0 && to === total(view, chunk.lengths)) return cut(view, chunk, true, atLineStart);
  const plain = cut(view, chunk, false).subarray(0, from);
  const timed = cut(view, chunk, true);
  // `from` is a line's start (tail=N): skip as many lines as stand before it.
  let lines = 0;
  for (const byte of plain) if (byte === 0x0a) lines += 1;
  let at = 0;
  while (lines-- > 0) at = timed.indexOf(0x0a, at) + 1;
  return timed.subarray(at);
}

/** The offset in the view at which the last `lines` lines begin. A last line without newline counts as one. */
export async function offsetOfTail(db: Queryable, attempt: Attempt, view: View, lines: number): Promise<number> {
  const length = total(view, attempt.bytes);
  if (length === 0) return 0;
  if (lines === 0) return length;
  const unfinished = (await lastByte(db, attempt, view, length)) !== 0x0a ? 1 : 0;
  const skip = total(view, attempt.lines) + unfinished - lines;
  if (skip <= 0) return 0;
  // The chunk in which the skip-th newline stands: fewer than that many come before it.
  const seq = await findChunk(db, attempt, view, "line", skip - 1);
  let newlines: number | undefined;
  for (let at = seq; at < attempt.nextSeq; at += 1) {
    const [chunk] = await readChunks(db, attempt, at, 1);
    if (chunk === undefined) break;
    const bytes = cut(view, chunk, false);
    newlines ??= total(view, chunk.lines);
    let from = 0;
    for (let end = bytes.indexOf(0x0a); end >= 0; end = bytes.indexOf(0x0a, from)) {
      from = end + 1;
      newlines += 1;
      if (newlines === skip) return total(view, chunk.offsets) + from;
    }
  }
  throw new Error(`the log of attempt ${attempt.id} has fewer lines than its count says`);
}

async function lastByte(db: Queryable, attempt: Attempt, view: View, length: number): Promise<number | undefined> {
  for await (const bytes of readRange(db, attempt, { view, start: length - 1, end: length, timestamps: false })) {
    return bytes[0];
  }
  return undefined;
}
