// One LISTEN connection per process. It dies silently now and then, so it is probed on the same session, reconnects with
// back-off, and after each (re)connection says so: the caller then looks at everything as if it had been notified.

import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import type { Logger } from "pino";
import { channel } from "./notifier.ts";

export interface ListenOptions {
  readonly url: string;
  readonly log: Logger;
  readonly signal: AbortSignal;
  readonly onChanged: (experimentIds: string[]) => void;
  /** Called after every connection made: anything may have been missed before it. */
  readonly onConnected: () => void;
}

/** How often the session is asked whether it lives, and how long it may take to answer. */
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
  const lost = new Promise<never>((_, reject) => {
    client.on("error", reject);
    client.on("end", () => reject(new Error("the connection was closed")));
  });
  lost.catch(() => undefined);
  client.on("notification", (message) => options.onChanged((message.payload ?? "").split(",").filter(Boolean)));
  const stop = (): void => {
    client.end().catch(() => undefined);
  };
  try {
    await client.connect();
    options.signal.addEventListener("abort", stop, { once: true });
    await client.query(`listen ${channel}`);
    connected();
    options.onConnected();
    while (!options.signal.aborted) {
      await Promise.race([sleep(probeEvery, undefined, { signal: options.signal, ref: false }), lost]);
      await client.query("select 1");
    }
  } finally {
    options.signal.removeEventListener("abort", stop);
    // A session that does not answer would not answer the goodbye either: close it without waiting.
    client.end().catch(() => undefined);
  }
}
