// A hint for one host that an attempt was placed there. The reconciler does the work; the job ends at once, so that no job
// lives as long as an experiment.

import type { Task } from "graphile-worker";
import type { Reconciler } from "../runtime/runner/reconciler.ts";

export function startExperimentTask(host: string): string {
  return `start-experiment/${host}`;
}

export function startExperiment(reconciler: Reconciler): Task {
  return async () => {
    await reconciler.reconcile();
  };
}
