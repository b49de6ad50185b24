// One process at a time does a thing: who holds an advisory lock, on a connection of its own. When the connection is lost so is
// the lock, and the work is told to stop; another process (or this one, reconnected) takes it up within seconds.

import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import type { Log } from "../log.ts";
import { vanishedSoon } from "./session.ts";

export interface LeaderOptions {
  readonly url: string;
  /** The lock: one for each thing. */
  readonly lock: string;
  readonly log: Log;
  readonly signal: AbortSignal;
  /** Runs while this process leads; ends soon when its signal aborts. What it throws is logged, and it is begun again. */
  readonly work: (signal: AbortSignal) => Promise<void>;
}

/** How often the lock is tried for, the connection probed, and work that failed begun again, ms. */
const pause = 5_000;

/** Until the signal aborts; never rejects. */
export async function lead({ url, lock, log, signal, work }: LeaderOptions): Promise<void> {
  const wait = async (): Promise<void> => sleep(pause, undefined, { signal }).catch(() => undefined);
  const stopped = (): boolean => signal.aborted;
  while (!stopped()) {
    const client = new pg.Client({
      connectionString: url,
      application_name: "skeduler leader",
      connectionTimeoutMillis: pause,
      query_timeout: pause,
      keepAlive: true,
    });
    const lost = new AbortController();
    client.on("error", (error) => lost.abort(error)).on("end", () => lost.abort());
    try {
      await client.connect();
      // A leader whose machine vanished without a word would hold the lock for hours.
      await client.query(vanishedSoon);
      const until = AbortSignal.any([signal, lost.signal]);
      while (!until.aborted) {
        const { rows } = await client.query<{ mine: boolean }>("select pg_try_advisory_lock($1::bigint) as mine", [
          lock,
        ]);
        if (rows[0]?.mine === true) await leading(client, until, lost, work);
        else await sleep(pause, undefined, { signal: until }).catch(() => undefined);
      }
    } catch (error) {
      if (!signal.aborted)
        log.warn({ err: error }, "what one process does for all was interrupted; it is taken up again");
    } finally {
      client.end().catch(() => undefined); // a connection that does not answer would not answer the goodbye either
    }
    await wait();
  }
}

/** Works, and probes the connection that holds the lock meanwhile. */
async function leading(
  client: pg.Client,
  until: AbortSignal,
  lost: AbortController,
  work: LeaderOptions["work"],
): Promise<void> {
  const probe = setInterval(() => {
    client.query("select 1").catch((error: unknown) => lost.abort(error));
  }, pause);
  try {
    await work(until);
  } finally {
    clearInterval(probe);
  }
}
