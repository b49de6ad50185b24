// A stored log as bytes: a range of a view, in pieces of about a megabyte, whatever the log's length.

import type { Pool } from "../database/pool.ts";
import {
  chunksPerRead,
  findChunk,
  findChunkSince,
  readChunks,
  type LogState,
} from "../database/statements/read-log.ts";
import { ApiError } from "../errors.ts";
import { chunkBytes, newline, records, type Time } from "./chunk-format.ts";
import { endOf, markGap } from "./gap.ts";
import { cut, cutWithTimes, total, type StoredChunk, type View } from "./view.ts";

export type Attempt = NonNullable<LogState["attempt"]>;

/** Whether what an attempt's log has from `offset` of the view on is no longer there. */
export function isExpired(attempt: Attempt, view: View, offset: number): boolean {
  return attempt.expired !== undefined && (offset === 0 || offset < total(view, attempt.bytes));
}

/** The error for whoever asks for a log that is no longer there. */
export function logExpired({ number, expired }: Attempt): ApiError {
  return new ApiError(
    "log_expired",
    `The log of attempt ${number} was deleted at ${expired ?? ""}: logs are kept for a time only (logs.retention).`,
  );
}

export interface Range {
  readonly view: View;
  /** Bytes of the view, start inclusive, end exclusive. Of the plain view, also where `timestamps` makes the answer longer. */
  readonly start: number;
  readonly end: number;
  readonly timestamps: boolean;
}

/** The bytes of a range; memory stays at a few chunks. */
export async function* readRange(db: Pool, attempt: Attempt, range: Range): AsyncGenerator<Buffer> {
  if (range.start >= range.end) return;
  let seq = range.start === 0 ? 0 : await findChunk(db, attempt, range.view, "offset", range.start);
  let atLineStart = !range.timestamps || (await beginsLine(db, attempt, range.view, range.start));
  // Of a short range the chunks that it can lie in, and no more.
  const first = Math.min(chunksPerRead, Math.ceil((range.end - range.start) / chunkBytes) + 1);
  let next: Promise<StoredChunk[]> = readChunks(db, attempt, seq, first);
  let before: StoredChunk | undefined;
  while (seq < attempt.nextSeq) {
    const chunks = await next;
    const last = chunks.at(-1);
    if (last === undefined) return;
    seq = last.seq + 1;
    const more = seq < attempt.nextSeq && endOf(range.view, last) < range.end;
    // The next read runs while this one is sent.
    if (more) {
      next = readChunks(db, attempt, seq, chunksPerRead);
      next.catch(() => undefined); // awaited in the next turn; a client that left may never get there
    }
    for (const chunk of chunks) {
      const gap = markGap(range.view, attempt.number, before, chunk, range.timestamps);
      if (gap.length > 0 && before !== undefined && endOf(range.view, before) < range.end) {
        atLineStart = true;
        yield gap;
      }
      before = chunk;
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
export async function offsetOf(db: Pool, attempt: Attempt, view: View, asked: Beginning): Promise<number> {
  const { tail, since } = asked;
  return Math.max(
    tail === undefined ? 0 : await offsetOfTail(db, attempt, view, tail),
    since === undefined ? 0 : await offsetSince(db, attempt, view, since),
  );
}

/** Whether the byte at this offset begins a line. */
export async function beginsLine(db: Pool, attempt: Attempt, view: View, offset: number): Promise<boolean> {
  return offset === 0 || (await byteBefore(db, attempt, view, offset)) === newline;
}

async function offsetSince(db: Pool, attempt: Attempt, view: View, since: Time): Promise<number> {
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

export interface ClosedLog {
  /** Bytes of the view as it is read. */
  readonly length: number;
  /** Bytes of that, start inclusive, end exclusive. */
  readonly read: (start: number, end: number) => AsyncGenerator<Buffer>;
}

/** The log of a closed attempt, which has a length: where its middle is not kept, with the line that says so in its place. */
export async function readClosed(db: Pool, attempt: Attempt, view: View): Promise<ClosedLog> {
  const written = total(view, attempt.bytes);
  const plain = (start: number, end: number): AsyncGenerator<Buffer> =>
    readRange(db, attempt, { view, start, end, timestamps: false });
  if (attempt.cut === undefined) return { length: written, read: plain };
  const [before] = await readChunks(db, attempt, attempt.cut.from - 1, 1);
  const [after] = await readChunks(db, attempt, attempt.cut.to, 1);
  if (before === undefined || after === undefined) throw logExpired(attempt);
  const begins = endOf(view, before);
  const resumes = total(view, after.offsets);
  const mark = markGap(view, attempt.number, before, after, false);
  const beyond = begins + mark.length;
  return {
    length: beyond + written - resumes,
    read: async function* (start, end) {
      if (start < begins) yield* plain(start, Math.min(end, begins));
      if (start < beyond && end > begins) yield mark.subarray(Math.max(0, start - begins), end - begins);
      if (end > beyond) yield* plain(Math.max(0, start - beyond) + resumes, end - beyond + resumes);
    },
  };
}

/** The offset in the view at which the last `lines` lines begin. A last line without newline counts as one. */
async function offsetOfTail(db: Pool, attempt: Attempt, view: View, lines: number): Promise<number> {
  const length = total(view, attempt.bytes);
  if (length === 0) return 0;
  if (lines === 0) return length;
  const unfinished = (await beginsLine(db, attempt, view, length)) ? 0 : 1;
  const skip = total(view, attempt.lines) + unfinished - lines;
  if (skip <= 0) return 0;
  // The chunk in which the skip-th newline stands: fewer than that many come before it.
  const seq = await findChunk(db, attempt, view, "line", skip - 1);
  let begin = 0;
  for (let at = seq; at < attempt.nextSeq;) {
    const [chunk] = await readChunks(db, attempt, at, 1);
    if (chunk === undefined) break;
    at = chunk.seq + 1;
    const bytes = cut(view, chunk);
    let newlines = total(view, chunk.lines);
    // That line is in the middle that is not kept: begin there, so that the reader is told.
    if (newlines >= skip) return begin;
    begin = endOf(view, chunk);
    let from = 0;
    for (let end = bytes.indexOf(0x0a); end >= 0; end = bytes.indexOf(0x0a, from)) {
      from = end + 1;
      newlines += 1;
      if (newlines === skip) return total(view, chunk.offsets) + from;
    }
  }
  throw new Error(`the log of attempt ${attempt.id} has fewer lines than its count says`);
}

async function byteBefore(db: Pool, attempt: Attempt, view: View, offset: number): Promise<number | undefined> {
  const [chunk] = await readChunks(db, attempt, await findChunk(db, attempt, view, "offset", offset - 1), 1);
  return chunk === undefined ? undefined : cut(view, chunk)[offset - 1 - total(view, chunk.offsets)];
}
