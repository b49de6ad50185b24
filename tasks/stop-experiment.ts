// A hint for one host that an experiment was cancelled: the reconciler sees that its attempt is not wanted any more.

import type { Task } from "graphile-worker";
import type { Reconciler } from "../runtime/runner/reconciler.ts";

export function stopExperimentTask(host: string): string {
  return `stop-experiment/${host}`;
}

export function stopExperiment(reconciler: Reconciler): Task {
  return async () => {
    await reconciler.reconcile();
  };
}
