// The queue job that a new, a freed or a changed experiment leaves in its transaction: place what can be placed.

import type { Task } from "graphile-worker";
import type { Placement } from "../runtime/placement.ts";

export const placeExperimentsTask = "place-experiments";

export function placeExperiments(placement: Placement): Task {
  return async () => placement.run();
}
