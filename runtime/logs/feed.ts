// What all tails of a process share: each followed experiment's state is read once per change, each chunk once per
// process, however many clients there are. Clients pull at their own pace; what is cached is bounded in bytes.
// Trusts the listener to wake it; a slow poll stands behind.

import type { Pool } from "../database/pool.ts";
import { chunksPerRead, readChunks, readLogState, type LogState } from "../database/statements/read-log.ts";
import { plus } from "./chunk-format.ts";
import { readNotice, type Growth } from "./chunk-notice.ts";
import type { StoredChunk } from "./view.ts";

/** Of chunks; their lines as websocket messages, made once for all clients, are as many again. */
const cacheBytes = 16 * 1024 * 1024;
/** The slow poll: how late a tail can be when every notification was lost. */
export const pollEvery = 3_000;

type Chunked = Pick<NonNullable<LogState["attempt"]>, "id" | "day" | "nextSeq">;

class Watched {
  readonly experimentId: string;
  readonly number: number | undefined;
  followers = 0;
  version = 0;
  state: Promise<LogState | undefined> | undefined;
  /** What `state` resolves to, once it has. */
  known: LogState | undefined;
  /** The attempt's. */
  day: string | undefined;
  readonly waiters = new Set<() => void>();
  /** The state is being read for those who wait. */
  waking = false;
  constructor(experimentId: string, number: number | undefined) {
    this.experimentId = experimentId;
    this.number = number;
  }

  /** What there is now is known without a read. */
  know(state: LogState): void {
    this.version += 1;
    this.state = Promise.resolve(state);
    this.known = state;
    this.wakeWaiters();
  }

  wakeWaiters(): void {
    const waiters = [...this.waiters];
    this.waiters.clear();
    for (const waiter of waiters) waiter();
  }
}

/** What is known, grown by a chunk; the same where the chunk is part of it, undefined where it does not follow on it. */
function grown(known: LogState | undefined, { attempt: id, lines, chunk }: Growth): LogState | undefined {
  const attempt = known?.attempt;
  if (known === undefined || attempt?.id !== id || chunk.seq > attempt.nextSeq) return undefined;
  if (chunk.seq < attempt.nextSeq) return known;
  return {
    ...known,
    attempt: {
      ...attempt,
      nextSeq: chunk.seq + 1,
      bytes: plus(attempt.bytes, chunk.lengths),
      lines: plus(attempt.lines, lines),
      last: { ...chunk, offsets: attempt.bytes, lines: attempt.lines },
    },
  };
}

interface Cached {
  readonly chunks: Promise<StoredChunk[]>;
  bytes: number;
}

/** One follower's hold on an experiment's state; to be released. With thousands of them, what each does for a line counts. */
class Watch {
  readonly #watched: Watched;
  readonly #read: (watched: Watched) => Promise<LogState | undefined>;
  readonly #signal: AbortSignal | undefined;
  #over: boolean;
  #resolve: (() => void) | undefined;

  constructor(watched: Watched, read: (watched: Watched) => Promise<LogState | undefined>, signal?: AbortSignal) {
    this.#watched = watched;
    this.#read = read;
    this.#signal = signal;
    this.#over = signal?.aborted === true;
    watched.followers += 1;
    signal?.addEventListener("abort", this.#end);
  }

  /** Whether the signal has aborted. */
  get over(): boolean {
    return this.#over;
  }

  get version(): number {
    return this.#watched.version;
  }

  /** What there is, where it has been read already. */
  get known(): LogState | undefined {
    return this.#watched.known;
  }

  async state(): Promise<LogState | undefined> {
    this.#watched.state ??= this.#read(this.#watched);
    return this.#watched.state;
  }

  /** Undefined, or resolves once the state may have changed since `version`, or the signal aborts. */
  changed(version: number): Promise<void> | undefined {
    if (this.version !== version || this.#over) return undefined;
    return new Promise<void>((resolve) => {
      this.#resolve = resolve;
      this.#watched.waiters.add(resolve);
    });
  }

  readonly #end = (): void => {
    this.#over = true;
    if (this.#resolve === undefined) return;
    this.#watched.waiters.delete(this.#resolve);
    this.#resolve();
  };

  /** What is watched is kept until the next poll, for whoever comes next. */
  [Symbol.dispose](): void {
    this.#signal?.removeEventListener("abort", this.#end);
    this.#watched.followers -= 1;
  }
}
export type { Watch };

export class LogFeed {
  readonly #db: Pool;
  readonly #watched = new Map<string, Watched>();
  readonly #cache = new Map<string, Cached>();
  #cachedBytes = 0;
  readonly #poll: NodeJS.Timeout;

  constructor(db: Pool) {
    this.#db = db;
    this.#poll = setInterval(() => this.#wakeAll(), pollEvery);
    this.#poll.unref();
  }

  /** Followers end by their signals. */
  close(): void {
    clearInterval(this.#poll);
  }

  /** How many follow a log now. */
  get followers(): number {
    return this.#watched.values().reduce((sum, watched) => sum + watched.followers, 0);
  }

  wake(experimentIds: readonly string[]): void {
    const ids = new Set(experimentIds);
    for (const watched of this.#watched.values()) if (ids.has(watched.experimentId)) this.#wake(watched);
  }

  /** A chunk was stored, and came with the word of it: where it is the next one of what is known, nothing is asked for. */
  grew(experimentId: string, notice: string): void {
    let growth: Growth | undefined;
    for (const watched of this.#watched.values()) {
      if (watched.experimentId !== experimentId) continue;
      growth ??= readNotice(notice);
      const state = growth && grown(watched.known, growth);
      if (state === undefined) this.#wake(watched);
      else if (state !== watched.known) watched.know(state);
    }
  }

  /** The database was away, and may be a restored one: what was read before counts no more. */
  reset(): void {
    this.#cache.clear();
    this.#cachedBytes = 0;
    this.#wakeAll();
  }

  #wakeAll(): void {
    for (const [key, watched] of this.#watched) {
      this.#wake(watched);
      if (watched.followers === 0) this.#watched.delete(key);
    }
  }

  /** Follows one attempt (`number`), or whichever is the latest, until the signal aborts. */
  watch(experimentId: string, number: number | undefined, signal?: AbortSignal): Watch {
    const key = `${experimentId}/${number ?? ""}`;
    const watched = this.#watched.get(key) ?? new Watched(experimentId, number);
    this.#watched.set(key, watched);
    return new Watch(watched, this.#readState, signal);
  }

  /** Who waits is woken when the new state is there: one reads it, and none of the thousands waits for it. */
  #wake(watched: Watched): void {
    watched.version += 1;
    watched.state = undefined;
    watched.known = undefined;
    if (watched.waiters.size === 0 || watched.waking) return;
    watched.waking = true;
    watched.state = this.#readState(watched);
    const done = (): void => {
      watched.waking = false;
      watched.wakeWaiters();
    };
    watched.state.then(done, done); // what could not be read, each tries for itself
  }

  /** What is not there, or could not be read, is not remembered: the next to ask tries again. */
  readonly #readState = async (watched: Watched): Promise<LogState | undefined> => {
    const { version } = watched;
    let state: LogState | undefined;
    try {
      state = await readLogState(this.#db, watched.experimentId, watched.number, watched.day);
      watched.day = state?.attempt?.day;
      if (watched.version === version) watched.known = state;
      return state;
    } finally {
      if (state === undefined && watched.version === version) watched.state = undefined;
    }
  };

  /** Chunks from `seq` on, at least one if seq < attempt.nextSeq; those after them are read ahead. */
  async chunks(attempt: Chunked, seq: number): Promise<StoredChunk[]> {
    const chunks = await this.#read(attempt, seq);
    const next = (chunks.at(-1)?.seq ?? attempt.nextSeq) + 1;
    if (next < attempt.nextSeq) this.#read(attempt, next).catch(() => undefined); // who needs them tries again
    return chunks;
  }

  async #read(attempt: Chunked, seq: number): Promise<StoredChunk[]> {
    const limit = Math.min(chunksPerRead, attempt.nextSeq - seq);
    const key = `${attempt.id}/${seq}/${limit}`;
    const hit = this.#cache.get(key);
    if (hit !== undefined) return hit.chunks;
    const entry: Cached = { chunks: readChunks(this.#db, attempt, seq, limit), bytes: 0 };
    this.#cache.set(key, entry);
    try {
      const chunks = await entry.chunks;
      if (this.#cache.get(key) !== entry) return chunks; // reset meanwhile
      entry.bytes = chunks.reduce((sum, chunk) => sum + chunk.data.length + chunk.entries.length, 0);
      this.#cachedBytes += entry.bytes;
      this.#evict();
      return chunks;
    } catch (error) {
      if (this.#cache.get(key) === entry) this.#cache.delete(key);
      throw error;
    }
  }

  #evict(): void {
    for (const [key, entry] of this.#cache) {
      if (this.#cachedBytes <= cacheBytes) return;
      this.#cache.delete(key);
      this.#cachedBytes -= entry.bytes;
      entry.bytes = 0;
    }
  }
}
