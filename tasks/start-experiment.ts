// A hint for one host that an attempt was placed there. The reconciler does the work, mostly before the job
// comes, as it is told with the placement's commit; the job ends at once, so that no job lives as long as an experiment.

import type { Task } from "graphile-worker";
import { z } from "zod";
import type { Reconciler } from "../runtime/runner/reconciler.ts";

/** Without an attempt: any may have been placed. */
const startPayload = z.object({ attempt: z.string().optional() });

export function startExperimentTask(host: string): string {
  return `start-experiment/${host}`;
}

export function startExperiment(reconciler: Pick<Reconciler, "has" | "reconcile">): Task {
  return async (payload) => {
    const { attempt } = startPayload.parse(payload);
    if (attempt === undefined || !reconciler.has(attempt)) await reconciler.reconcile();
  };
}
