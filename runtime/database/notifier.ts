// Tells every API process that logs or experiments changed, and that a place came free: words on the channel `skeduler_changes`, in
// a statement of its own after the commit, coalesced; a small chunk of a log comes with its word. A hint only: losing one costs
// followers a few seconds (they poll slowly behind it), and a free place as much (a queue job stands behind it).

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

const announce = prepared("announce", "select pg_notify($1, payload) from unnest($2::text[]) as payload");

export class Notifier {
  readonly #db: Queryable;
  readonly #log: Logger;
  #dirty = new Set<string>();
  #chunks: string[] = [];
  #sending: Promise<void> | undefined;

  constructor(db: Queryable, log: Logger) {
    this.#db = db;
    this.#log = log;
  }

  /** Announces that something of this experiment changed. At once when nothing is in flight, else with the next. */
  changed(experimentId: string): void {
    this.#announce(experimentId);
  }

  /** The same, and that what it ran on is free. */
  closed(experimentId: string): void {
    this.#announce(placeFree, experimentId);
  }

  /** Announces that a log grew by a chunk, and brings the chunk where it is small. */
  grew(place: ChunkPlace, chunk: Chunk): void {
    const notice = this.#chunks.length < mostChunks ? printNotice(place, chunk) : undefined;
    if (notice !== undefined) this.#chunks.push(notice);
    this.#announce(...(notice === undefined ? [place.experimentId] : []));
  }

  /** Resolves when all that was announced so far is sent or given up. */
  async idle(): Promise<void> {
    await this.#sending;
  }

  #announce(...words: string[]): void {
    for (const word of words) this.#dirty.add(word);
    this.#sending ??= this.#send();
  }

  async #send(): Promise<void> {
    while (this.#dirty.size + this.#chunks.length > 0) {
      const words = [...this.#dirty];
      this.#dirty = new Set();
      const payloads = this.#chunks;
      this.#chunks = [];
      for (let at = 0; at < words.length; at += idsPerPayload)
        payloads.push(words.slice(at, at + idsPerPayload).join(","));
      try {
        await this.#db.query(announce, [channel, payloads]);
      } catch (error) {
        this.#log.warn({ err: error }, "a change could not be announced; followers will find it by themselves");
      }
    }
    this.#sending = undefined;
  }
}
