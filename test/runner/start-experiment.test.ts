// The queue job that stands behind the word of a placement: it looks at the rows where the word was lost, and only there.

import assert from "node:assert/strict";
import { test } from "node:test";
import type { JobHelpers } from "graphile-worker";
import { startExperiment } from "../../tasks/start-experiment.ts";

test("a job looks, unless its attempt is in hand", async () => {
  let looks = 0;
  const task = startExperiment({
    has: (attempt) => attempt === "in hand",
    reconcile: async () => Promise.resolve(++looks > 0),
  });
  const helpers = {} as JobHelpers;
  await task({ attempt: "in hand" }, helpers);
  assert.equal(looks, 0);
  await task({ attempt: "another" }, helpers);
  await task({}, helpers); // of a restored database
  assert.equal(looks, 2);
});
