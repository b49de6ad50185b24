// Tells every API process that logs or experiments changed, and that a place came free: words on the channel `skeduler_changes`; a
// small chunk of a log comes with its word. A hint only: losing one costs followers a few seconds (they poll slowly behind it), and
// a free place as much (a queue job stands behind it). Words go out in a statement of their own after the commit, coalesced, for a
// commit with a word holds, until it is on the disk, a lock of the whole server's that every other word waits for. A lone one goes
// with its commit, which saves a process or two that wake: such commits are a tenth of this process's time at most.

import pg from "pg";
import type { Logger } from "pino";
import type { Chunk } from "../logs/chunk-format.ts";
import { printNotice, type ChunkPlace } from "../logs/chunk-notice.ts";
import { prepared, type Queryable } from "./pool.ts";

export const channel = "skeduler_changes";
/** Among the ids of experiments: a place came free, there may be something to put there. */
export const placeFree = "place";

/** A notification's payload is at most 8,000 bytes; a uuid and a comma are 37. */
const idsPerPayload = 200;
/** Chunks of logs that wait to be announced; of more, only that there are some. */
const mostChunks = 100;

/** After a commit that took its word along none does for so many times as long, and for this many ms at most. */
const alongPause = 9;
const longestPause = 1_000;

/** In a statement: sends the payload that this parameter is, if it is one. */
export function sends(parameter: `$${number}`): string {
  return `case when ${parameter}::text is not null then pg_notify('${channel}', ${parameter}) end`;
}

/** The same of all payloads of the array that this parameter is; to be selected, from one row or more. */
export function sendsAll(parameter: `$${number}`): string {
  return `(select count(pg_notify('${channel}', payload)) from unnest(${parameter}::text[]) as payload)`;
}

/** Payloads of these words. */
export function payloadsOf(words: readonly string[]): string[] {
  const count = Math.ceil(words.length / idsPerPayload);
  return Array.from({ length: count }, (_, n) => words.slice(n * idsPerPayload, (n + 1) * idsPerPayload).join(","));
}

/** Commits what is to be told of, and sends with that the payload it is given (`sends`), if any. Rejects where there is nothing to tell. */
export type Commit<T> = (payload: string | undefined) => Promise<T>;

const announce = prepared("announce", `select ${sendsAll("$1")}`);

export class Notifier {
  readonly #db: Queryable;
  readonly #log: Logger;
  readonly #clock: () => number;
  #dirty = new Set<string>();
  #chunks: string[] = [];
  #sending: Promise<void> | undefined;
  /** When a commit may take its word along again; undefined while one does. */
  #alongFrom: number | undefined = 0;

  /** `clock`: milliseconds, never set back. */
  constructor(db: Queryable, log: Logger, clock = (): number => performance.now()) {
    this.#db = db;
    this.#log = log;
    this.#clock = clock;
  }

  /** Announces that something of this experiment changed. At once when nothing is in flight, else with the next. */
  changed(experimentId: string): void {
    this.#announce(experimentId);
  }

  /** The same, and that what it ran on is free. */
  closed(experimentId: string): void {
    this.#announce(placeFree, experimentId);
  }

  /** `changed`, once `commit` is done, or with it. */
  async changing<T>(experimentId: string, commit: Commit<T>): Promise<T> {
    return this.#telling(experimentId, commit, () => this.changed(experimentId));
  }

  /** `closed`, once `commit` is done, or with it. */
  async closing<T>(experimentId: string, commit: Commit<T>): Promise<T> {
    return this.#telling(`${placeFree},${experimentId}`, commit, () => this.closed(experimentId));
  }

  /** Announces that a log grew by a chunk, once `commit` is done, or, where the chunk is small, with it; and brings such a chunk. */
  async growing<T>(place: ChunkPlace, chunk: Chunk, commit: Commit<T>): Promise<T> {
    const notice = printNotice(place, chunk);
    return this.#telling(notice, commit, () => this.#grew(place, notice));
  }

  /** Resolves when all that was announced so far is sent or given up. */
  async idle(): Promise<void> {
    await this.#sending;
  }

  async #telling<T>(payload: string | undefined, commit: Commit<T>, after: () => void): Promise<T> {
    const began = this.#clock();
    if (payload !== undefined && this.#alongFrom !== undefined && began >= this.#alongFrom) {
      this.#alongFrom = undefined;
      try {
        return await commit(payload);
      } catch (error) {
        if (!isQueueFull(error)) throw error;
        this.#log.warn(
          { err: error },
          "Postgres takes no more notifications: a session that listens has been busy for too long",
        );
      } finally {
        const ended = this.#clock();
        this.#alongFrom = ended + Math.min((ended - began) * alongPause, longestPause);
      }
    }
    const done = await commit(undefined);
    after();
    return done;
  }

  #grew({ experimentId }: ChunkPlace, notice: string | undefined): void {
    const fits = notice !== undefined && this.#chunks.length < mostChunks;
    if (fits) this.#chunks.push(notice);
    this.#announce(...(fits ? [] : [experimentId]));
  }

  #announce(...words: string[]): void {
    for (const word of words) this.#dirty.add(word);
    this.#sending ??= this.#send();
  }

  async #send(): Promise<void> {
    while (this.#dirty.size + this.#chunks.length > 0) {
      const payloads = [...this.#chunks, ...payloadsOf([...this.#dirty])];
      this.#dirty = new Set();
      this.#chunks = [];
      try {
        await this.#db.query(announce, [payloads]);
      } catch (error) {
        this.#log.warn({ err: error }, "a change could not be announced; followers will find it by themselves");
      }
    }
    this.#sending = undefined;
  }
}

/** The word could not be sent, and what it was to go with was not committed. */
function isQueueFull(error: unknown): boolean {
  return error instanceof pg.DatabaseError && error.code === "54000";
}
