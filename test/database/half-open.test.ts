// A database whose connections go silent without an end: a statement on them fails in time and the next one finds a new
// connection; a session whose client vanished in a transaction does not keep its locks.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import pg from "pg";
import { isUnavailable } from "../../runtime/database/faults.ts";
import { createPool, transaction } from "../../runtime/database/pool.ts";
import { createLog } from "../../runtime/log.ts";
import { CutProxy } from "../support/cut-proxy.ts";
import { createTestDatabase, type TestDatabase } from "../support/database.ts";

let database: TestDatabase;
let proxy: CutProxy;
before(async () => {
  database = await createTestDatabase({ empty: true });
  proxy = await CutProxy.start(database.url);
});
after(async () => {
  await proxy[Symbol.asyncDispose]();
  await database.drop();
});

test("half-open in a transaction: its lock is let go, the statement fails as one of a database that is away, the next works", async () => {
  const through = new URL(database.url);
  through.host = `127.0.0.1:${proxy.port}`;
  const pool = createPool({ url: through.href, max: 1, name: "half-open", log: createLog("error") });
  const other = new pg.Client({ connectionString: database.url });
  await other.connect();
  try {
    const began = performance.now();
    const stuck = transaction(pool, async (client) => {
      await client.query("select pg_advisory_xact_lock(1)");
      proxy.silence();
      await client.query("select 2");
    }).then(
      () => undefined,
      (error: unknown) => error,
    );
    await other.query("select pg_advisory_lock(1)"); // waits for it
    assert.ok(performance.now() - began < 18_000, "the lock was held for too long");
    proxy.mend();
    assert.equal(isUnavailable(await stuck), true);
    assert.ok(performance.now() - began < 50_000, "the statement hung for too long");
    assert.equal((await pool.query("select 3 as n")).rows.length, 1);
  } finally {
    await other.end();
    await pool.end();
  }
});
