// Placement as a test or a bench needs it beside the running processes: first come, first served, without quotas.

import { Notifier } from "../../runtime/database/notifier.ts";
import type { Pool } from "../../runtime/database/pool.ts";
import { createLog } from "../../runtime/log.ts";
import { Placement, type PlacementOptions } from "../../runtime/placement.ts";

export function plainPlacement(pool: Pool, passed?: PlacementOptions["passed"]): Placement {
  return new Placement({
    db: pool,
    reads: pool,
    notifier: new Notifier(pool, createLog("error")),
    defaultExpected: 3_600_000,
    ageing: undefined,
    fairShare: undefined,
    quota: () => undefined,
    ...(passed && { passed }),
  });
}
