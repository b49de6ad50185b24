// One LISTEN connection per process. It dies silently now and then, so a word is sent to it by another connection and must arrive; that
// also says how late changes are heard of. It reconnects with back-off, and after each (re)connection says so: the caller then looks at everything as if it had been notified.

import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import type { Logger } from "pino";
import { noticedExperiment } from "../logs/chunk-notice.ts";
import { channel, placeFree } from "./notifier.ts";
import type { Queryable } from "./pool.ts";

export interface ListenOptions {
  /** What the probe is sent by. */
  readonly db: Queryable;
  readonly url: string;
  readonly log: Logger;
  readonly signal: AbortSignal;
  readonly onChanged: (experimentIds: string[]) => void;
  /** A chunk of its log was stored, and comes with the word (logs/chunk-notice.ts). */
  readonly onGrown: (experimentId: string, notice: string) => void;
  /** What waits may find room. */
  readonly onPlaceFree: () => void;
  /** Called after every connection made: anything may have been missed before it. */
  readonly onConnected: () => void;
  /** Told with every probe that came back: seconds from sending to hearing. */
  readonly onHeard?: (seconds: number) => void;
}

/** How often a word is sent to the session, and how long it may take to arrive. */
const probeEvery = 10_000;
const probeLimit = 5_000;
const longestPause = 5_000;

/** Listens until the signal aborts; never rejects. */
export async function listen(options: ListenOptions): Promise<void> {
  const stopped = (): boolean => options.signal.aborted;
  let pause = 100;
  while (!stopped()) {
    try {
      await session(options, () => (pause = 100));
    } catch (error) {
      if (!stopped()) {
        options.log.warn({ err: error instanceof Error ? error.message : error }, "the listening connection was lost");
      }
    }
    await sleep(pause, undefined, { signal: options.signal }).catch(() => undefined);
    pause = Math.min(pause * 2, longestPause);
  }
}

async function session(options: ListenOptions, connected: () => void): Promise<void> {
  const client = new pg.Client({
    connectionString: options.url,
    application_name: "skeduler listener",
    connectionTimeoutMillis: probeLimit,
    query_timeout: probeLimit,
    keepAlive: true,
  });
  // One signal for the connection's end, and a promise for each probe: a promise that lives as long as the connection would keep
  // what is raced against it, every time.
  const lost = new AbortController();
  let arrived = expected();
  const lose = (error: Error): void => {
    lost.abort(error);
    arrived.reject(error);
  };
  client.on("error", lose);
  client.on("end", () => lose(new Error("the connection was closed")));
  const until = AbortSignal.any([options.signal, lost.signal]);
  const own = `skeduler_probe_${randomUUID().replaceAll("-", "")}`;
  client.on("notification", (message) => {
    const { payload = "" } = message;
    const grown = noticedExperiment(payload);
    if (message.channel === own) arrived.resolve(undefined);
    else if (grown !== undefined) options.onGrown(grown, payload);
    else {
      const words = payload.split(",").filter(Boolean);
      options.onChanged(words.filter((word) => word !== placeFree));
      if (words.includes(placeFree)) options.onPlaceFree();
    }
  });
  const probe = async (): Promise<void> => {
    arrived = expected();
    const sent = performance.now();
    await options.db.query("select pg_notify($1, '')", [own]);
    const late = setTimeout(() => {
      arrived.reject(new Error(`a notification did not arrive within ${probeLimit / 1000} s`));
    }, probeLimit);
    try {
      await arrived.promise;
      options.onHeard?.((performance.now() - sent) / 1000);
    } finally {
      clearTimeout(late);
    }
  };
  const stop = (): void => {
    client.end().catch(() => undefined);
  };
  try {
    await client.connect();
    options.signal.addEventListener("abort", stop, { once: true });
    await client.query(`listen ${channel}; listen ${own}`);
    connected();
    options.onConnected();
    while (!options.signal.aborted) {
      lost.signal.throwIfAborted();
      await probe();
      await sleep(probeEvery, undefined, { signal: until, ref: false }).catch(() => undefined);
    }
  } finally {
    options.signal.removeEventListener("abort", stop);
    // A session that does not answer would not answer the goodbye either: close it without waiting.
    client.end().catch(() => undefined);
  }
}

/** A word's arrival; it may fail before anybody waits for it. */
function expected(): PromiseWithResolvers<undefined> {
  const arrival = Promise.withResolvers<undefined>();
  arrival.promise.catch(() => undefined);
  return arrival;
}
