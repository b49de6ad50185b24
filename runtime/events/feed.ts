// What all live feeds of events of a process share: new events are read once, some kept, and given to each follower at its own
// pace; who comes from farther back reads for itself until it has caught up. Trusts the listener to wake it; a poll stands
// behind, because not every event is announced.

import { setTimeout as sleep } from "node:timers/promises";
import { patiently } from "../database/patiently.ts";
import type { Queryable } from "../database/pool.ts";
import {
  endOfEvents,
  isAfter,
  readEvents,
  type EventFilter,
  type Place,
  type StoredEvent,
} from "../database/statements/read-events.ts";

/** What nobody announces (a host registers) is seen this late, ms. */
const pollEvery = 1_000;
/** A flood of announcements (every large chunk of a log is one) makes one look per so many ms. */
const leastPause = 100;
const pageLength = 500;
/** Events kept for followers that are a little behind. */
const keptEvents = 2_000;
/** And so many characters of them at most. */
const keptText = 16 * 1024 * 1024;

/** Whether an event fits; `since` is for lists only. */
export function fits(event: StoredEvent, filter: EventFilter): boolean {
  return (
    (filter.experiment === undefined || event.experiment === filter.experiment) &&
    (filter.host === undefined || event.host === filter.host) &&
    (filter.actor === undefined || event.actor === filter.actor) &&
    (filter.kinds?.includes(event.kind) ?? true)
  );
}

export class EventFeed {
  readonly #db: Queryable;
  /** Every event after `#from` and not after `#to`. */
  #kept: StoredEvent[] = [];
  #from: Place | undefined;
  #to: Place = { xid: 0n, id: 0n };
  #followers = 0;
  #looking: Promise<void> | undefined;
  #woken = Promise.withResolvers<undefined>();
  #news = Promise.withResolvers<undefined>();

  constructor(db: Queryable) {
    this.#db = db;
  }

  get followers(): number {
    return this.#followers;
  }

  /** Something was announced: look soon. */
  wake(): void {
    this.#woken.resolve(undefined);
  }

  /** Followers end by their signals; resolves when nothing is being read any more. */
  async close(): Promise<void> {
    this.wake();
    await this.#looking;
  }

  /** Batches of events after a place, oldest first; an empty one where nothing came for `quiet` ms. Ends with the signal. */
  async *follow(
    filter: EventFilter,
    after: Place,
    options: { readonly signal: AbortSignal; readonly quiet: number },
  ): AsyncGenerator<readonly StoredEvent[]> {
    const { signal, quiet } = options;
    this.#followers += 1;
    this.#looking ??= this.#look().finally(() => (this.#looking = undefined));
    try {
      let place = after;
      while (!signal.aborted) {
        const { promise: news } = this.#news;
        const kept = this.#after(place);
        if (kept === undefined) {
          const page = await patiently(signal, async () =>
            readEvents(this.#db, { ...filter, order: "asc", after: place, limit: pageLength }),
          );
          if (page === undefined) return;
          const last = page.events.at(-1);
          place = !page.more || last === undefined ? later(place, { xid: page.horizon, id: 0n }) : last;
          if (last !== undefined) yield page.events;
          if (page.more) continue;
        } else if (kept.length > 0) {
          place = kept.at(-1) ?? place;
          const fitting = kept.filter((event) => fits(event, filter));
          if (fitting.length > 0) yield fitting;
          continue;
        }
        if ((await first(news, quiet, signal)) === "quiet") yield [];
      }
    } finally {
      this.#followers -= 1;
    }
  }

  /** Undefined where more may lie between than is kept. */
  #after(place: Place): StoredEvent[] | undefined {
    if (this.#from === undefined || isAfter(this.#from, place)) return undefined;
    return this.#kept.filter((event) => isAfter(event, place));
  }

  /** Reads what is new as long as anybody follows. Never rejects. */
  async #look(): Promise<void> {
    while (this.#followers > 0) {
      this.#woken = Promise.withResolvers();
      try {
        await this.#read();
      } catch {
        // The database is away, or will say so to those who follow; the next look tries again.
      }
      await sleep(leastPause);
      await first(this.#woken.promise, pollEvery);
    }
    this.#from = undefined; // what comes until somebody follows again is not read
    this.#kept = [];
  }

  async #read(): Promise<void> {
    if (this.#from === undefined) {
      this.#to = await endOfEvents(this.#db);
      this.#from = this.#to;
      this.#tell();
    }
    for (;;) {
      const { events, more, horizon } = await readEvents(this.#db, {
        order: "asc",
        after: this.#to,
        limit: pageLength,
      });
      const last = events.at(-1);
      this.#to = !more || last === undefined ? later(this.#to, { xid: horizon, id: 0n }) : last;
      if (last !== undefined) this.#keep(events);
      if (!more) return;
    }
  }

  #keep(events: readonly StoredEvent[]): void {
    this.#kept.push(...events);
    let text = 0;
    const old = this.#kept.findLastIndex((event) => (text += event.json.length) > keptText) + 1;
    const dropped = this.#kept.splice(0, Math.max(old, this.#kept.length - keptEvents)).at(-1);
    if (dropped !== undefined) this.#from = dropped;
    this.#tell();
  }

  #tell(): void {
    this.#news.resolve(undefined);
    this.#news = Promise.withResolvers();
  }
}

function later(a: Place, b: Place): Place {
  return isAfter(b, a) ? b : a;
}

/** Waits for the promise, at most `ms`, or until the signal aborts. */
async function first(promise: Promise<unknown>, ms: number, signal?: AbortSignal): Promise<"quiet" | "came"> {
  const over = new AbortController();
  const either = signal === undefined ? over.signal : AbortSignal.any([over.signal, signal]);
  const quiet = sleep(ms, "quiet" as const, { signal: either }).catch(() => "came" as const);
  try {
    return await Promise.race([promise.then(() => "came" as const), quiet]);
  } finally {
    over.abort();
  }
}
