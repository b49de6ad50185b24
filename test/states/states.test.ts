// Every statement that changes state, in random order, by actors that are current and by some that are not, against the model:
// what each answers, what all of it leaves, one event and one queue job per change, and nothing of what was rolled back.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { commands, type Command } from "./commands.ts";
import { newModel, seen } from "./model.ts";
import { plan } from "./plan.ts";
import { World } from "./world.ts";

const runs = Number(process.env["STATE_RUNS"] ?? 5000);
/** Each part has a database of its own; two run at a time. */
const parts = 4;

describe(`${runs} random runs end as the model says`, { concurrency: 2 }, () => {
  for (let part = 1; part <= parts; part++)
    test(`part ${part}`, async () => {
      await using world = await World.start(1);
      await fc.assert(
        fc.asyncProperty(commands, async (list) => follow(world, list)),
        { numRuns: runs / parts },
      );
    });
});

async function follow(world: World, list: readonly Command[]): Promise<void> {
  const model = newModel();
  await world.begin();
  for (const command of list) {
    const act = await world.prepare(world.first, command);
    assert.equal(await act(), plan(model, command)(model));
  }
  assert.deepEqual(await world.seen(), seen(model));
}
