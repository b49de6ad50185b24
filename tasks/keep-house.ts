// Hourly, by whichever API process gets the job: partitions for the days to come, idempotency keys, accounts
// of use and notifications that have expired.

import type { Task } from "graphile-worker";
import type { Pool } from "../runtime/database/pool.ts";
import { expireUsage, preparePartitions } from "../runtime/database/statements/housekeeping.ts";
import { expireIdempotencyKeys } from "../runtime/database/statements/idempotency.ts";
import { expireNotifications } from "../runtime/database/statements/notifications.ts";

export const keepHouseTask = "keep-house";

/** `keepNotifications`, ms. */
export function keepHouse(db: Pool, keepNotifications: number): Task {
  return async () => {
    await preparePartitions(db);
    await expireIdempotencyKeys(db);
    await expireUsage(db);
    await expireNotifications(db, keepNotifications);
  };
}
