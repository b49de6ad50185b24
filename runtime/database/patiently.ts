// For those who have all the time: a read that waits out a database that is away.

import { setTimeout as sleep } from "node:timers/promises";
import { isUnavailable } from "./faults.ts";

/** Between two tries, ms. */
const retryPause = 500;

/** Tries until the database answers; undefined only when the signal aborted. Other errors are the caller's. */
export async function patiently<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T | undefined> {
  while (!signal.aborted) {
    try {
      return await work();
    } catch (error) {
      if (!isUnavailable(error)) throw error;
      await sleep(retryPause, undefined, { signal }).catch(() => undefined);
    }
  }
  return undefined;
}
