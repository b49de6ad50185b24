// Hourly, by whichever API process gets the job: deletes the logs that are older than they are kept, and the oldest where
// all together are too large. By whole days, once every attempt of a day has ended; what is under way stays.

import type { Task } from "graphile-worker";
import type { Config } from "../runtime/config/schema.ts";
import type { Pool } from "../runtime/database/pool.ts";
import { dropDay, markExpired, readDaysOfLogs, type DayOfLogs } from "../runtime/database/statements/expire-logs.ts";
import type { Log } from "../runtime/log.ts";

export const expireLogsTask = "expire-logs";

export interface ExpireLogsDeps {
  readonly db: Pool;
  readonly retention: Config["logs"]["retention"];
  readonly log: Log;
}

export function expireLogs({ db, retention, log }: ExpireLogsDeps): Task {
  return async () => {
    const { days, bytes } = await readDaysOfLogs(db);
    for (const day of expired(days, bytes, retention)) {
      if (!day.marked && !(await markExpired(db, day.day))) continue;
      const client = await db.connect();
      try {
        await dropDay(client, day);
      } finally {
        client.release();
      }
      log.info({ day: day.day, bytes: day.bytes }, "a day's logs have expired");
    }
  };
}

/** The days that are to go: those that are marked already (or hold nothing), and what counts now. Pure. */
export function expired(
  days: readonly DayOfLogs[],
  bytes: number,
  { age, size }: Config["logs"]["retention"],
): DayOfLogs[] {
  let left = bytes;
  return days.filter((day) => {
    const old = age > 0 && day.age > age;
    const goes = day.marked || (day.ended && (old || (size !== undefined && left > size)));
    if (goes) left -= day.bytes;
    return goes;
  });
}
