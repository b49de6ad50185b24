// What is read by COPY in binary form: every byte, whatever the size, and nothing of it is held once it was given.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { pino } from "pino";
import { copyOut } from "../../runtime/database/copy-out.ts";
import { createPool, type Pool } from "../../runtime/database/pool.ts";
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
