// `skeduler migrate` on a database whose experiments wait: they would start to run, so somebody has to say that this is right.

import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";
import pg from "pg";
import { createTestDatabase, type TestDatabase } from "../support/database.ts";
import { documented } from "../support/documented.ts";
import { Home } from "../support/cli.ts";

const waiting = "2 waiting experiments of the existing table jobs will start to run";

let database: TestDatabase;
let client: pg.Client;
let home: Home;
let env: Record<string, string>;
beforeEach(async () => {
  database = await createTestDatabase({ empty: true });
  client = new pg.Client({ connectionString: database.url });
  await client.connect();
  await client.query(documented);
  home = new Home();
  env = { SKEDULER_DATABASE: database.url };
});
afterEach(async () => {
  home[Symbol.dispose]();
  await client.end();
  await database.drop();
});

/** What of the adoption is there, and what the experiments say. */
async function seen(): Promise<{ schema: boolean; statuses: string }> {
  const { rows } = await client.query<{ schema: boolean; statuses: string }>(
    `select to_regnamespace('skeduler') is not null as schema,
            (select string_agg(status::text, ' ' order by name) from jobs) as statuses`,
  );
  assert.ok(rows[0]);
  return rows[0];
}
const untouched = {
  schema: false,
  statuses: "RUNNING FINISHED CANCELLED ENQUEUED RUNNING FINISHED CANCELLED ENQUEUED",
};
const adopted = {
  schema: true,
  statuses: "CANCELLED FINISHED CANCELLED ENQUEUED CANCELLED FINISHED CANCELLED ENQUEUED",
};

test("without a terminal it is refused with the word to say, and nothing is changed", async () => {
  assert.deepEqual(await home.run(["migrate"], { env }), {
    code: 1,
    out: "",
    err: `skeduler: ${waiting}: say --yes if that is right. Nothing was changed.\n`,
  });
  assert.deepEqual(await seen(), untouched);
});

test("--yes says so beforehand; it says how many", async () => {
  const { code, out, err } = await home.run(["migrate", "--yes"], { env });
  assert.deepEqual([code, err], [0, ""]);
  assert.match(out, new RegExp(`^${waiting}\\.\nApplied 0001-jobs\\.sql, .*; the database is up to date\\.\n$`));
  assert.deepEqual(await seen(), adopted);
  // Adopted once, they are ours: no question any more.
  const again = await home.run(["migrate"], { env });
  assert.deepEqual([again.code, again.out], [0, "The database is up to date.\n"]);
});

test("on a terminal it asks: no changes nothing, Enter adopts", async () => {
  for (const [answer, code, end, after] of [
    ["n\n", 1, /Nothing was changed: the existing experiments were not adopted\./, untouched],
    ["\n", 0, /the database is up to date\./, adopted],
  ] as const) {
    const talk = home.terminal(["migrate"], { columns: 200, env });
    await talk.says(new RegExp(`${waiting}\\. Adopt it\\? \\[Y/n\\]`));
    talk.type(answer);
    await talk.says(end);
    assert.equal(await talk.ended, code);
    assert.deepEqual(await seen(), after);
  }
});
