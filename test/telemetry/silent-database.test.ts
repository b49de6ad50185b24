// A scrape while Postgres is silent, neither answering nor ending the connection: its answer comes before the scraper gives up.

import assert from "node:assert/strict";
import { test } from "node:test";
import { pino } from "pino";
import { backgroundPatience, createPool, type Queryable } from "../../runtime/database/pool.ts";
import { ApiMetrics } from "../../runtime/telemetry/api-metrics.ts";
import { CutProxy } from "../support/cut-proxy.ts";
import { createTestDatabase } from "../support/database.ts";

test("skeduler_database_up is 0 within seconds, and scrapes do not pile up on the silent connection", async () => {
  const database = await createTestDatabase();
  const proxy = await CutProxy.start(database.url);
  const through = new URL(database.url);
  through.host = `127.0.0.1:${proxy.port}`;
  const log = pino({ level: "silent" });
  const pool = createPool({ url: through.href, max: 3, name: "test", log, patience: backgroundPatience });
  let asked = 0;
  const counting: Queryable = {
    query: async (statement, values) => {
      asked += 1;
      return pool.query(statement as string, values);
    },
  };
  const nothing = (): number => 0;
  const metrics = new ApiMetrics({
    db: counting,
    log,
    version: "test",
    pools: {},
    tails: nothing,
    eventStreams: nothing,
  });
  try {
    assert.match(await metrics.text(), /^skeduler_database_up 1$/m);
    const before = asked;
    proxy.silence();
    const began = performance.now();
    for (const text of await Promise.all([metrics.text(), metrics.text()]))
      assert.match(text, /^skeduler_database_up 0$/m);
    assert.match(await metrics.text(), /^skeduler_database_up 0$/m);
    assert.ok(performance.now() - began < 10_000, "a scrape waited for too long");
    assert.equal(asked, before + 1);
  } finally {
    proxy.cut();
    await pool.end();
    await proxy[Symbol.asyncDispose]();
    await database.drop();
  }
});
