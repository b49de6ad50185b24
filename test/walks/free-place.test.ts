// What can be placed because an attempt was closed is placed at once, by what is told: the queue job behind it takes a second or more.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { System } from "../support/system.ts";

/** Ms. The queue job, and the passes that are made anyway, come later. */
const atOnce = 700;

let system: System;
before(async () => {
  system = await System.start();
  await system.addRunner("narrow", { SKEDULER_RUNNER_SLOTS: "1" });
});
after(async () => system[Symbol.asyncDispose]());

/** Two experiments, the second of which waits for the first: ms from the closing of the one to the placement of the other. */
async function between(more: (first: string) => object): Promise<number> {
  const first = await system.postScript("sleep 0.5");
  const second = await system.post({ command: "true" }, more(first.id));
  await system.ended(second.id);
  const { rows } = await system.query(
    `select extract(epoch from b.placed_at - a.closed_at)::float8 * 1000 as ms
       from skeduler.attempts a, skeduler.attempts b where a.experiment_id = $1 and b.experiment_id = $2`,
    [first.id, second.id],
  );
  return Number(rows[0]?.["ms"]);
}

test("in the place that came free", async () => {
  const waited = await between(() => ({}));
  assert.ok(waited > 0 && waited < atOnce, `${waited} ms`);
});

test("what comes after it", async () => {
  const waited = await between((first) => ({ after: [first] }));
  assert.ok(waited > 0 && waited < atOnce, `${waited} ms`);
});
