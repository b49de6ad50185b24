// What several actors do at the same moment, each on a connection of its own and all held up by the same row locks: it must
// end, and be answered, as if they had acted one after the other, in some order.

import assert from "node:assert/strict";
import { isDeepStrictEqual } from "node:util";
import { test } from "node:test";
import fc from "fast-check";
import { race, type Single, type ValueOf } from "./commands.ts";
import { newModel, seen, type Model } from "./model.ts";
import { plan, type Plan } from "./plan.ts";
import { World, type Session } from "./world.ts";

const runs = Number(process.env["RACE_RUNS"] ?? 500);
/** A runner that beats while a newer start of it registers: it was replaced, and no database was restored. */
const overtaken: ValueOf<typeof race> = {
  before: [],
  together: [
    { do: "register", host: 1, checks: false },
    { do: "beat", host: 1, epoch: "own", trouble: undefined },
  ],
  held: ["skeduler.hosts"],
};
/** The most that act at once, one who holds them up, and one who watches. */
const sessions = 5;

test(`${runs} random races end as if one had come after the other`, async () => {
  await using world = await World.start(sessions);
  await fc.assert(
    fc.asyncProperty(race, async ({ before, together, held }) => {
      const model = newModel();
      await world.begin();
      for (const command of before) {
        const act = await world.prepare(world.first, command);
        assert.equal(await act(), plan(model, command)(model));
      }
      const acts = await Promise.all(together.map(async (command, n) => world.prepare(sessionOf(world, n), command)));
      const plans = together.map((command: Single) => plan(model, command));
      const answers = await atOnce(world, acts, held);
      const found = { answers, seen: await world.seen() };
      const possible = orders(together.length).map((order) => inOrder(model, plans, order));
      if (!possible.some((one) => isDeepStrictEqual(one, found))) assert.deepEqual(found, possible[0]);
    }),
    { numRuns: runs, examples: [[overtaken]] },
  );
});

function sessionOf(world: World, index: number): Session {
  const session = world.sessions[index];
  if (session === undefined) throw new Error("too few sessions");
  return session;
}

/** Lets all begin while the rows of `held` are locked, and unlocks them when nobody gets any further. */
async function atOnce(
  world: World,
  acts: readonly (() => Promise<string>)[],
  held: readonly string[],
): Promise<string[]> {
  const [holder, watcher] = [sessionOf(world, sessions - 2).raw, sessionOf(world, sessions - 1).raw];
  await holder.query("begin");
  for (const table of held) await holder.query(`select from ${table} for update`);
  let ended = 0;
  const answers = acts.map(async (act) => act().finally(() => (ended += 1)));
  for (const answer of answers) answer.catch(() => undefined); // awaited below
  for (;;) {
    const { rows } = await watcher.query<{ blocked: number }>(
      "select count(*)::int as blocked from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'",
    );
    if ((rows[0]?.blocked ?? 0) + ended >= acts.length) break;
  }
  await holder.query("commit");
  return Promise.all(answers);
}

function inOrder(model: Model, plans: readonly Plan[], order: readonly number[]): unknown {
  const copy = structuredClone(model);
  const answers: string[] = [];
  for (const index of order) answers[index] = plans[index]?.(copy) ?? "";
  return { answers, seen: seen(copy) };
}

/** Every order of so many. */
function orders(count: number): number[][] {
  if (count === 0) return [[]];
  return orders(count - 1).flatMap((order) =>
    Array.from({ length: count }, (_, at) => [...order.slice(0, at), count - 1, ...order.slice(at)]),
  );
}
