// What all tails of a process share: each followed experiment's state is read once per change, each chunk once per
// process, however many clients there are. Clients pull at their own pace; what is cached is bounded in bytes.
// Trusts the listener to wake it; a slow poll stands behind.

import type { Pool } from "../database/pool.ts";
import { chunksPerRead, readChunks, readLogState, type LogState } from "../database/statements/read-log.ts";
import type { StoredChunk } from "./view.ts";

/** Of chunks; their lines as websocket messages, made once for all clients, are as many again. */
const cacheBytes = 16 * 1024 * 1024;
/** The slow poll: how late a tail can be when every notification was lost. */
export const pollEvery = 3_000;

type Chunked = Pick<NonNullable<LogState["attempt"]>, "id" | "day" | "nextSeq" | "last">;

class Watched {
  readonly experimentId: string;
  readonly number: number | undefined;
  followers = 0;
  version = 0;
  state: Promise<LogState | undefined> | undefined;
  /** The attempt's. */
  day: string | undefined;
  readonly waiters = new Set<() => void>();
  constructor(experimentId: string, number: number | undefined) {
    this.experimentId = experimentId;
    this.number = number;
  }
}

interface Cached {
  readonly chunks: Promise<StoredChunk[]>;
  bytes: number;
}

/** One follower's hold on an experiment's state; to be released. */
export interface Watch {
  state(): Promise<LogState | undefined>;
  /** Resolves once the state may have changed since `version`, or the signal aborts. */
  changed(version: number, signal: AbortSignal): Promise<void>;
  version(): number;
  [Symbol.dispose](): void;
}

export class LogFeed {
  readonly #db: Pool;
  readonly #watched = new Map<string, Watched>();
  readonly #cache = new Map<string, Cached>();
  #cachedBytes = 0;
  readonly #poll: NodeJS.Timeout;

  constructor(db: Pool) {
    this.#db = db;
    this.#poll = setInterval(() => this.wakeAll(), pollEvery);
    this.#poll.unref();
  }

  close(): void {
    clearInterval(this.#poll);
    this.wakeAll();
  }

  /** How many follow a log now. */
  get followers(): number {
    return this.#watched.values().reduce((sum, watched) => sum + watched.followers, 0);
  }

  wake(experimentIds: readonly string[]): void {
    const ids = new Set(experimentIds);
    for (const watched of this.#watched.values()) if (ids.has(watched.experimentId)) wake(watched);
  }

  /** The database was away, and may be a restored one: what was read before counts no more. */
  reset(): void {
    this.#cache.clear();
    this.#cachedBytes = 0;
    this.wakeAll();
  }

  wakeAll(): void {
    for (const [key, watched] of this.#watched) {
      wake(watched);
      if (watched.followers === 0) this.#watched.delete(key);
    }
  }

  /** Follows one attempt (`number`), or whichever is the latest. */
  watch(experimentId: string, number: number | undefined): Watch {
    const key = `${experimentId}/${number ?? ""}`;
    const watched = this.#watched.get(key) ?? new Watched(experimentId, number);
    this.#watched.set(key, watched);
    watched.followers += 1;
    return {
      state: async () => {
        watched.state ??= this.#readState(watched);
        return watched.state;
      },
      version: () => watched.version,
      changed: async (version, signal) => {
        if (watched.version !== version || signal.aborted) return;
        await new Promise<void>((resolve) => {
          const done = (): void => {
            watched.waiters.delete(done);
            signal.removeEventListener("abort", done);
            resolve();
          };
          watched.waiters.add(done);
          signal.addEventListener("abort", done, { once: true });
        });
      },
      [Symbol.dispose]: () => {
        // Kept until the next poll, for whoever comes next.
        watched.followers -= 1;
      },
    };
  }

  /** What is not there, or could not be read, is not remembered: the next to ask tries again. */
  async #readState(watched: Watched): Promise<LogState | undefined> {
    let state: LogState | undefined;
    try {
      state = await readLogState(this.#db, watched.experimentId, watched.number, watched.day);
      watched.day = state?.attempt?.day;
      return state;
    } finally {
      if (state === undefined) watched.state = undefined;
    }
  }

  /** Chunks from `seq` on, at least one if seq < attempt.nextSeq; those after them are read ahead. */
  async chunks(attempt: Chunked, seq: number): Promise<StoredChunk[]> {
    if (attempt.last?.seq === seq) return [attempt.last];
    const chunks = await this.#read(attempt, seq);
    const next = (chunks.at(-1)?.seq ?? attempt.nextSeq) + 1;
    if (next < attempt.nextSeq) this.#read(attempt, next).catch(() => undefined); // who needs them tries again
    return chunks;
  }

  async #read(attempt: Omit<Chunked, "last">, seq: number): Promise<StoredChunk[]> {
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
      this.#cache.delete(key);
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

function wake(watched: Watched): void {
  watched.version += 1;
  watched.state = undefined;
  for (const waiter of [...watched.waiters]) waiter();
}
