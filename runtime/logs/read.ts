// A stored log as bytes: a range of a view, in pieces of about a megabyte, whatever the log's length.

import type { Queryable } from "../database/pool.ts";
import { findChunk, findChunkSince, readChunks, type LogState } from "../database/statements/read-log.ts";
import { newline, records, type Time } from "./chunk-format.ts";
import { cut, cutWithTimes, total, type StoredChunk, type View } from "./view.ts";

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
  let atLineStart = !range.timestamps || (await beginsLine(db, attempt, range.view, range.start));
  let next: Promise<StoredChunk[]> = readChunks(db, attempt, seq, chunksPerRead);
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
        atLineStart = bytes.at(-1) === newline;
        yield bytes;
      }
    }
    if (!more) return;
  }
}

function slice({ view, start, end, timestamps }: Range, chunk: StoredChunk, atLineStart: boolean): Buffer {
  const offset = total(view, chunk.offsets);
  const length = total(view, chunk.lengths);
  const from = Math.max(0, start - offset);
  const to = Math.min(length, end - offset);
  if (to <= from) return Buffer.alloc(0);
  if (timestamps) return cutWithTimes(view, chunk, { from, to, atLineStart });
  return cut(view, chunk).subarray(from, to);
}

export interface Beginning {
  /** The last so many lines. */
  readonly tail?: number | undefined;
  /** From the first line at this time or later. */
  readonly since?: Time | undefined;
}

/** The offset in the view at which what was asked for begins: the later one where both are given, else 0. */
export async function offsetOf(db: Queryable, attempt: Attempt, view: View, asked: Beginning): Promise<number> {
  const { tail, since } = asked;
  return Math.max(
    tail === undefined ? 0 : await offsetOfTail(db, attempt, view, tail),
    since === undefined ? 0 : await offsetSince(db, attempt, view, since),
  );
}

/** Whether the byte at this offset begins a line. */
export async function beginsLine(db: Queryable, attempt: Attempt, view: View, offset: number): Promise<boolean> {
  return offset === 0 || (await byteBefore(db, attempt, view, offset)) === newline;
}

async function offsetSince(db: Queryable, attempt: Attempt, view: View, since: Time): Promise<number> {
  let seq = (await findChunkSince(db, attempt, since)) ?? attempt.nextSeq;
  let starts: boolean | undefined;
  while (seq < attempt.nextSeq) {
    const chunks = await readChunks(db, attempt, seq, Math.min(chunksPerRead, attempt.nextSeq - seq));
    if (chunks.length === 0) break;
    for (const chunk of chunks) {
      let offset = total(view, chunk.offsets);
      starts ??= await beginsLine(db, attempt, view, offset);
      for (const record of records(chunk.base, chunk.data, chunk.entries)) {
        if (!view.streams.includes(record.stream)) continue;
        if (starts && !isEarlier(record, since)) return offset;
        starts = record.bytes.at(-1) === newline;
        offset += record.bytes.length;
      }
      seq = chunk.seq + 1;
    }
  }
  return total(view, attempt.bytes);
}

function isEarlier(a: Time, b: Time): boolean {
  return a.seconds < b.seconds || (a.seconds === b.seconds && a.nanos < b.nanos);
}

/** The offset in the view at which the last `lines` lines begin. A last line without newline counts as one. */
async function offsetOfTail(db: Queryable, attempt: Attempt, view: View, lines: number): Promise<number> {
  const length = total(view, attempt.bytes);
  if (length === 0) return 0;
  if (lines === 0) return length;
  const unfinished = (await beginsLine(db, attempt, view, length)) ? 0 : 1;
  const skip = total(view, attempt.lines) + unfinished - lines;
  if (skip <= 0) return 0;
  // The chunk in which the skip-th newline stands: fewer than that many come before it.
  const seq = await findChunk(db, attempt, view, "line", skip - 1);
  let newlines: number | undefined;
  for (let at = seq; at < attempt.nextSeq; at += 1) {
    const [chunk] = await readChunks(db, attempt, at, 1);
    if (chunk === undefined) break;
    const bytes = cut(view, chunk);
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

async function byteBefore(db: Queryable, attempt: Attempt, view: View, offset: number): Promise<number | undefined> {
  for await (const bytes of readRange(db, attempt, { view, start: offset - 1, end: offset, timestamps: false })) {
    return bytes[0];
  }
  return undefined;
}
