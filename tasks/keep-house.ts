// Hourly, by whichever API process gets the job: partitions for the days to come, idempotency keys and accounts
// of use that have expired.

import type { Task } from "graphile-worker";
import type { Pool } from "../runtime/database/pool.ts";
import { expireUsage, preparePartitions } from "../runtime/database/statements/housekeeping.ts";
import { expireIdempotencyKeys } from "../runtime/database/statements/idempotency.ts";

export const keepHouseTask = "keep-house";

export function keepHouse(db: Pool): Task {
  return async () => {
    await preparePartitions(db);
    await expireIdempotencyKeys(db);
    await expireUsage(db);
  };
}
