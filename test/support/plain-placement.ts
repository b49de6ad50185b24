// Placement as a test or a bench needs it beside the running processes: first come, first served, without quotas.

import type { Pool } from "../../runtime/database/pool.ts";
import { Placement, type PlacementOptions } from "../../runtime/placement.ts";

export function plainPlacement(pool: Pool, passed?: PlacementOptions["passed"]): Placement {
  return new Placement({
    db: pool,
    reads: pool,
    defaultExpected: 3_600_000,
    ageing: undefined,
    fairShare: undefined,
    quota: () => undefined,
    ...(passed && { passed }),
  });
}
