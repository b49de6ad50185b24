// The tail: an experiment's log from a position on, live, through the attempts of a retry, until the experiment has ended
// and every byte was given. A slow reader waits here with at most a few chunks, which others share. What it does for a line is done by
// thousands of followers: where nobody has to wait it makes no promise but the one for the next change.

import { patiently } from "../database/patiently.ts";
import { findChunk } from "../database/statements/read-log.ts";
import type { Pool } from "../database/pool.ts";
import { ApiError } from "../errors.ts";
import type { LogFeed, Watch } from "./feed.ts";
import { newline } from "./chunk-format.ts";
import { markGap } from "./gap.ts";
import { beginsLine, isExpired, logExpired, type Attempt } from "./read.ts";
import { isEnded, type Status } from "../experiment/states.ts";
import { cut, cutWithTimes, total, type StoredChunk, type View } from "./view.ts";

export interface Position {
  readonly attempt: number;
  /** Bytes of the view. */
  readonly offset: number;
}

export interface FollowOptions {
  readonly db: Pool;
  readonly feed: LogFeed;
  readonly experimentId: string;
  readonly view: View;
  readonly timestamps: boolean;
  readonly start: Position;
  /** That attempt alone, not those that follow it. */
  readonly alone: boolean;
  readonly signal: AbortSignal;
}

export interface Piece {
  readonly attempt: number;
  /** The view's offset after these bytes. */
  readonly end: number;
  readonly bytes: Buffer;
}

/** Takes a piece, and is given the next when it has room for it; false: it takes no more. */
export type Take = (piece: Piece) => boolean | Promise<boolean>;

/** Resolves when the experiment has ended and all was given, nothing more is taken, or the signal aborts. Throws ApiError not_found. */
export async function follow(options: FollowOptions, take: Take): Promise<void> {
  let cursor: Cursor = { offset: options.start.offset, atLineStart: true };
  for (let number = options.start.attempt; !options.signal.aborted; number += 1) {
    // Watched by its number: "the latest" would move on before this one was read to its end.
    using watch = options.feed.watch(options.experimentId, number, options.signal);
    if ((await waitForAttempt(options, watch)) === undefined) return;
    const beyond: Cursor | undefined = await followAttempt(options, watch, cursor, take);
    if (beyond === undefined || options.alone) return;
    // A client that counts bytes counts on through attempts: what is beyond this one's length belongs to the next.
    cursor = beyond;
  }
}

/** Where a tail stands in an attempt. */
interface Cursor {
  readonly offset: number;
  /** Whether what comes next begins a line of the answer: where an attempt ends within one, the next goes on there. */
  readonly atLineStart: boolean;
}

/** The watched attempt once there is one; undefined where the experiment ended without it. */
async function waitForAttempt(options: FollowOptions, watch: Watch): Promise<Attempt | undefined> {
  const stopped = (): boolean => watch.over;
  while (!stopped()) {
    const { version } = watch;
    const state = await patiently(options.signal, async () => watch.state());
    if (state === undefined) {
      if (stopped()) return undefined;
      throw new ApiError("not_found", `There is no experiment ${options.experimentId}.`);
    }
    if (state.attempt !== undefined) return state.attempt;
    if (isEnded(state.status as Status)) return undefined;
    await watch.changed(version);
  }
  return undefined;
}

/** Gives one attempt to its end. Answers where that is in the next one, or undefined when all is over. */
async function followAttempt(
  options: FollowOptions,
  watch: Watch,
  start: Cursor,
  take: Take,
): Promise<Cursor | undefined> {
  const { db, view, timestamps, signal } = options;
  let { offset, atLineStart } = start;
  let seq: number | undefined;
  let before: StoredChunk | undefined;
  while (!watch.over) {
    const { version } = watch;
    const state = watch.known ?? (await patiently(signal, async () => watch.state()));
    const attempt = state?.attempt;
    if (state === undefined || attempt === undefined) return undefined; // removed meanwhile
    const length = total(view, attempt.bytes);
    if (isExpired(attempt, view, offset)) throw logExpired(attempt);
    if (seq === undefined && offset > 0 && offset <= length && timestamps)
      atLineStart = (await patiently(signal, async () => beginsLine(db, attempt, view, offset))) ?? true;
    if (offset < length || (seq === undefined && offset === 0)) {
      seq ??= offset === 0 ? 0 : await patiently(signal, async () => findChunk(db, attempt, view, "offset", offset));
      while (seq !== undefined && seq < attempt.nextSeq) {
        const from: number = seq;
        const chunks =
          attempt.last?.seq === from
            ? [attempt.last]
            : await patiently(signal, async () => options.feed.chunks(attempt, from));
        if (chunks === undefined) return undefined;
        if (chunks.length === 0) break; // expired just now
        for (const chunk of chunks) {
          const skip = Math.max(0, offset - total(view, chunk.offsets));
          const plain = total(view, chunk.lengths);
          const gap = markGap(view, attempt.number, before, chunk, options.timestamps);
          before = chunk;
          seq = chunk.seq + 1;
          if (gap.length > 0) {
            atLineStart = true;
            offset = total(view, chunk.offsets);
            const taken = take({ attempt: attempt.number, end: offset, bytes: gap });
            if (taken !== true && !(await taken)) return undefined;
          }
          if (plain <= skip) continue;
          const bytes: Buffer = timestamps
            ? cutWithTimes(view, chunk, { from: skip, to: plain, atLineStart })
            : skip === 0
              ? cut(view, chunk) // the chunk's own bytes, which what is made of them for one client is kept with
              : cut(view, chunk).subarray(skip);
          atLineStart = bytes.at(-1) === newline;
          offset = total(view, chunk.offsets) + plain;
          const taken = take({ attempt: attempt.number, end: offset, bytes });
          if (taken !== true && !(await taken)) return undefined;
        }
      }
    }
    if (attempt.closed) {
      if (options.alone) return undefined;
      if (state.latest > attempt.number) return { offset: Math.max(0, offset - length), atLineStart };
      if (isEnded(state.status as Status)) return undefined;
    }
    await watch.changed(version);
  }
  return undefined;
}
