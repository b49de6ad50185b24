// The embedded Postgres: started, stopped, adopted after its starter died.

import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import pg from "pg";
import { startEmbeddedPostgres } from "../../runtime/up/embedded-postgres.ts";

const quiet = (): void => undefined;

async function ask(url: string, text: string): Promise<unknown> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  const { rows } = await client.query<Record<string, unknown>>(text);
  await client.end();
  return rows[0];
}

test("rows survive stop and start; a server that still runs is adopted; a stale pid file is no obstacle", async () => {
  const folder = mkdtempSync(join(tmpdir(), "skeduler-postgres-"));
  const options = { folder: join(folder, "pg"), log: quiet, durable: false };
  const first = await startEmbeddedPostgres(options);
  try {
    await ask(first.url, "create table kept as select 7 as n");
    const again = await startEmbeddedPostgres(options);
    assert.deepEqual([first.adopted, again.adopted, again.pid], [false, true, first.pid]);
    await first.stop();
    const second = await startEmbeddedPostgres(options);
    assert.equal(second.adopted, false);
    assert.deepEqual(await ask(second.url, "select n from kept"), { n: 7 });
    process.kill(second.pid, "SIGKILL");
    const third = await startEmbeddedPostgres(options);
    assert.deepEqual(await ask(third.url, "select n from kept"), { n: 7 });
    await third.stop();
  } finally {
    await first.stop();
    rmSync(first.base, { recursive: true, force: true });
    rmSync(folder, { recursive: true, force: true });
  }
});
