// The database's clock is set back by an hour: what it wrote before is an hour ahead now, and must not pass for life.

import assert from "node:assert/strict";
import { test } from "node:test";
import { createPool } from "../../runtime/database/pool.ts";
import { giveUpLostHosts } from "../../runtime/database/statements/hosts.ts";
import { createLog } from "../../runtime/log.ts";
import { createTestDatabase } from "../support/database.ts";

test("a heartbeat and a watch that are ahead of the clock count from now on, and a host that is dead then is noticed", async () => {
  const database = await createTestDatabase();
  const pool = createPool({ url: database.url, max: 2, name: "test", log: createLog("error") });
  try {
    await pool.query(`
      insert into skeduler.hosts (name, engine_id, slots, cpus, memory_bytes, version) values ('dead', 'e', 1, 1, 1, 'x');
      insert into skeduler.heartbeats (host, seen_at) values ('dead', now() + interval '1 hour');
      update skeduler.watch set since = now() + interval '1 hour', seen_at = now() + interval '1 hour'`);
    await giveUpLostHosts(pool, 300_000);
    const { rows } = await pool.query(
      `select b.seen_at <= clock_timestamp() as heartbeat, w.since <= clock_timestamp() as since, w.seen_at <= clock_timestamp() as seen
         from skeduler.heartbeats b, skeduler.watch w`,
    );
    assert.deepEqual(rows, [{ heartbeat: true, since: true, seen: true }]);
  } finally {
    await pool.end();
    await database.drop();
  }
});
