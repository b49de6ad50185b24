// What is read by COPY in binary form: every byte, whatever the size, and nothing of it is held once it was given.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { pino } from "pino";
import { garbageCollector } from "../../runtime/collect-garbage.ts";
import { copyOut } from "../../runtime/database/copy-out.ts";
import { createPool, transaction, type Pool } from "../../runtime/database/pool.ts";
import { createTestDatabase, type TestDatabase } from "../support/database.ts";

let database: TestDatabase;
let pool: Pool;

before(async () => {
  database = await createTestDatabase();
  pool = createPool({ url: database.url, max: 1, name: "copy test", log: pino({ level: "silent" }) });
});

after(async () => {
  await pool.end();
  await database.drop();
});

test("fields of no byte, of some, of megabytes, and none", async () => {
  const sizes = [0, 1, 16_000, 70_000, 3_000_000, 5];
  const rows = await copyOut(
    pool,
    "select n, case when n < 0 then null else decode(repeat('a1', n), 'hex') end as data from unnest(array[0, 1, 16000, 70000, 3000000, 5, -1]) n",
    [],
  );
  const read = rows.map(([n, data]) => ({ n: n?.readInt32BE(), data }));
  assert.deepEqual(
    read.map(({ n }) => n),
    [...sizes, -1],
  );
  for (const [index, size] of sizes.entries())
    assert.ok(read[index]?.data?.equals(Buffer.alloc(size, 0xa1)), `${size} bytes`);
  assert.equal(read.at(-1)?.data, null);
});

test("no timer is left behind, neither of an answer nor of a refusal", async () => {
  const timers = (): number => process.getActiveResourcesInfo().filter((name) => name === "Timeout").length;
  await copyOut(pool, "select 1", []);
  const beforehand = timers();
  for (let n = 0; n < 20; n += 1) {
    await copyOut(pool, "select $1::text", ["x"]);
    await assert.rejects(copyOut(pool, "select nothing", []), /nothing/);
  }
  assert.ok(timers() <= beforehand + 1, `${timers()} timers, ${beforehand} before`);
});

test("an answer that is let go of leaves with the next young objects, by whatever way it was asked for", async () => {
  const collect = garbageCollector();
  const answer = "select decode(repeat('a1', 100000), 'hex') as data from generate_series(1, 10)";
  const ways: Record<string, () => Promise<unknown>> = {
    "by COPY": async () => copyOut(pool, answer, []),
    "by the pool": async () => pool.query(answer),
    "in a transaction": async () => transaction(pool, async (client) => client.query(answer)),
  };
  for (const [way, ask] of Object.entries(ways)) {
    const held: number[] = [];
    for (let n = 0; n < 12; n += 1) {
      await ask();
      // What is young may outlive one collection, if something had it then.
      for (let collected = 0; collected < 2; collected += 1) {
        await new Promise((resolve) => setImmediate(resolve));
        collect({ type: "minor" });
      }
      held.push(process.memoryUsage().arrayBuffers / 1_000_000);
    }
    const last = held.at(-1) ?? 0;
    assert.ok(last < (held[0] ?? 0) + 4, `${way}: ${held.map((size) => size.toFixed(1)).join(", ")} MB are held`);
  }
});
