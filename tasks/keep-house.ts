// Hourly, by whichever API process gets the job: partitions for the days to come, idempotency keys that have expired.

import type { Task } from "graphile-worker";
import type { Pool } from "../runtime/database/pool.ts";
import { preparePartitions } from "../runtime/database/statements/housekeeping.ts";
import { expireIdempotencyKeys } from "../runtime/database/statements/idempotency.ts";

export const keepHouseTask = "keep-house";

export function keepHouse(db: Pool): Task {
  return async () => {
    await preparePartitions(db);
    await expireIdempotencyKeys(db);
  };
}
