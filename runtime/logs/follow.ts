// The tail: an experiment's log from a position on, live, through the attempts of a retry, until the experiment has ended
// and every byte was given. Pull-driven: a slow reader waits here with at most a few chunks, which others share.

import { setTimeout as sleep } from "node:timers/promises";
import { isUnavailable } from "../database/faults.ts";
import { findChunk } from "../database/statements/read-log.ts";
import type { Queryable } from "../database/pool.ts";
import { ApiError } from "../errors.ts";
import type { LogFeed, Watch } from "./feed.ts";
import { offsetOfTail, type Attempt } from "./read.ts";
import { isEnded, type Status } from "../experiment/states.ts";
import { cut, total, type View } from "./view.ts";

export interface Position {
  readonly attempt: number;
  /** Bytes of the view. */
  readonly offset: number;
}

export interface FollowOptions {
  readonly db: Queryable;
  readonly feed: LogFeed;
  readonly experimentId: string;
  readonly view: View;
  readonly timestamps: boolean;
  /** Where to begin: a position, the last N lines of what is there, or (absent) the start of the latest attempt. */
  readonly after?: Position | undefined;
  readonly tail?: number | undefined;
  readonly attempt?: number | undefined;
  readonly signal: AbortSignal;
}

export interface Piece {
  readonly attempt: number;
  /** The view's offset after these bytes. */
  readonly end: number;
  readonly bytes: Buffer;
}

const retryPause = 500;

/** Ends when the experiment has ended and all was given, or the signal aborts. Throws ApiError not_found. */
export async function* follow(options: FollowOptions): AsyncGenerator<Piece> {
  let position = options.after;
  let number = position?.attempt ?? options.attempt ?? (await latestNumber(options));
  while (number !== undefined && !options.signal.aborted) {
    // Watched by its number: "the latest" would move on before this one was read to its end.
    using watch = options.feed.watch(options.experimentId, number);
    const attempt = await waitForAttempt(options, watch);
    if (attempt === undefined) return;
    position ??= { attempt: number, offset: await startOfTail(options, attempt) };
    const beyond: number | undefined = yield* followAttempt(options, watch, position);
    if (beyond === undefined || options.attempt !== undefined) return;
    // A client that counts bytes counts on through attempts: what is beyond this one's length belongs to the next.
    number += 1;
    position = { attempt: number, offset: beyond };
  }
}

async function latestNumber(options: FollowOptions): Promise<number | undefined> {
  using watch = options.feed.watch(options.experimentId, undefined);
  return (await waitForAttempt(options, watch))?.number;
}

async function startOfTail(options: FollowOptions, attempt: Attempt): Promise<number> {
  const { tail } = options;
  if (tail === undefined) return 0;
  return (await patiently(options, async () => offsetOfTail(options.db, attempt, options.view, tail))) ?? 0;
}

/** The watched attempt once there is one; undefined where the experiment ended without it. */
async function waitForAttempt(options: FollowOptions, watch: Watch): Promise<Attempt | undefined> {
  const stopped = (): boolean => options.signal.aborted;
  while (!stopped()) {
    const version = watch.version();
    const state = await patiently(options, async () => watch.state());
    if (state === undefined) {
      if (stopped()) return undefined;
      throw new ApiError("not_found", `There is no experiment ${options.experimentId}.`);
    }
    if (state.attempt !== undefined) return state.attempt;
    if (isEnded(state.status as Status)) return undefined;
    await watch.changed(version, options.signal);
  }
  return undefined;
}

/** Gives one attempt to its end. Answers how far the position lies beyond it, or undefined when all is over. */
async function* followAttempt(
  options: FollowOptions,
  watch: Watch,
  start: Position,
): AsyncGenerator<Piece, number | undefined> {
  const { view } = options;
  let offset = start.offset;
  let seq: number | undefined;
  let atLineStart = true;
  while (!options.signal.aborted) {
    const version = watch.version();
    const state = await patiently(options, async () => watch.state());
    const attempt = state?.attempt;
    if (state === undefined || attempt === undefined) return undefined; // removed meanwhile
    const length = total(view, attempt.bytes);
    if (offset < length || (seq === undefined && offset === 0)) {
      seq ??=
        offset === 0 ? 0 : await patiently(options, async () => findChunk(options.db, attempt, view, "offset", offset));
      while (seq !== undefined && seq < attempt.nextSeq) {
        const from: number = seq;
        const chunks = await patiently(options, async () => options.feed.chunks(attempt, from));
        if (chunks === undefined) return undefined;
        for (const chunk of chunks) {
          const skip = Math.max(0, offset - total(view, chunk.offsets));
          const plain = total(view, chunk.lengths);
          seq = chunk.seq + 1;
          if (plain <= skip) continue;
          const bytes: Buffer =
            options.timestamps && skip === 0
              ? cut(view, chunk, true, atLineStart)
              : cut(view, chunk, false).subarray(skip);
          atLineStart = bytes.at(-1) === 0x0a;
          offset = total(view, chunk.offsets) + plain;
          yield { attempt: attempt.number, end: offset, bytes };
        }
      }
    }
    if (attempt.closed) {
      if (state.latest > attempt.number) return Math.max(0, offset - length);
      if (isEnded(state.status as Status)) return undefined;
    }
    await watch.changed(version, options.signal);
  }
  return undefined;
}

/** Waits out a database that is away; undefined only when the signal aborted. */
async function patiently<T>(options: FollowOptions, work: () => Promise<T>): Promise<T | undefined> {
  while (!options.signal.aborted) {
    try {
      return await work();
    } catch (error) {
      if (!isUnavailable(error)) throw error;
      await sleep(retryPause, undefined, { signal: options.signal }).catch(() => undefined);
    }
  }
  return undefined;
}
