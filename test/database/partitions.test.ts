// The days ahead get their partitions while somebody reads the whole table of logs, as a dump does for hours: neither waits for it,
// nor does anybody who writes.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import pg from "pg";
import { startApi } from "../../runtime/api.ts";
import { loadConfig } from "../../runtime/config/load.ts";
import { createPool, type Pool } from "../../runtime/database/pool.ts";
import { appendLog } from "../../runtime/database/statements/append-log.ts";
import { dropDay, readDaysOfLogs } from "../../runtime/database/statements/expire-logs.ts";
import { preparePartitions } from "../../runtime/database/statements/housekeeping.ts";
import { createLog } from "../../runtime/log.ts";
import { ChunkBuilder } from "../../runtime/logs/chunk-format.ts";
import { createTestDatabase, type TestDatabase } from "../support/database.ts";

const log = createLog("error");
let database: TestDatabase;
let db: Pool;
let other: pg.Client;
before(async () => {
  database = await createTestDatabase();
  db = createPool({ url: database.url, max: 3, name: "test", log });
  other = new pg.Client({ connectionString: database.url });
  await other.connect();
});
after(async () => {
  await other.end();
  await db.end();
  await database.drop();
});

const ahead = async (): Promise<number> => {
  const { rows } = await db.query<{ count: number }>(
    `select count(*)::int as count from pg_inherits
      where inhparent in ('skeduler.log_chunks'::regclass, 'skeduler.metric_chunks'::regclass) and not inhdetachpending`,
  );
  return rows[0]?.count ?? 0;
};

/** Drops the partitions of the last day; answers how many there were before. */
async function dropLastDay(): Promise<number> {
  await preparePartitions(db);
  const before = await ahead();
  for (const parent of ["log_chunks", "metric_chunks"]) {
    const { rows } = await db.query<{ name: string }>(
      "select max(inhrelid::regclass::text) as name from pg_inherits where inhparent = $1::regclass",
      [`skeduler.${parent}`],
    );
    await db.query(`drop table ${rows[0]?.name ?? ""}`);
  }
  return before;
}

async function openAttempt(): Promise<string> {
  const { rows } = await db.query<{ id: string }>(
    `with h as (insert into skeduler.hosts (name, engine_id, epoch, slots, cpus, memory_bytes, version) values ('h', 'e', 1, 1, 1, 1, 'v')),
     j as (insert into jobs (name, description, docker_image, docker_command, docker_environment) values ('n', '', 'i', '', '{}') returning id)
     insert into skeduler.attempts (experiment_id, number, host, epoch) select id, 1, 'h', 1 from j returning id`,
  );
  return rows[0]?.id ?? "";
}

test("while a dump reads the logs, partitions are made and lines are stored", async () => {
  const attemptId = await openAttempt();
  const chunk = (): ReturnType<ChunkBuilder["take"]> => {
    const builder = new ChunkBuilder();
    builder.add("stdout", 1_700_000_000, 0, Buffer.from("x\n"), 0, 2);
    return builder.take();
  };
  const all = await dropLastDay();
  await other.query("begin; lock table skeduler.log_chunks, skeduler.metric_chunks in access share mode");
  try {
    const preparing = preparePartitions(db);
    const began = performance.now();
    for (let seq = 0; seq < 20; seq += 1)
      assert.equal(await appendLog(db, { attemptId, epoch: "1", seq, chunk: chunk(), position: {} }), true);
    await preparing;
    assert.ok(performance.now() - began < 10_000, "somebody waited for the dump");
    assert.equal(await ahead(), all);
  } finally {
    await other.query("rollback");
  }
});

test("while a dump reads the logs, a day that goes waits for the next look; days ahead are made all the same", async () => {
  await db.query(
    `create table skeduler.log_chunks_20200101 partition of skeduler.log_chunks for values from ('2020-01-01') to ('2020-01-02')`,
  );
  const all = await dropLastDay();
  const client = await db.connect();
  const drop = async (): Promise<void> => {
    const [day] = (await readDaysOfLogs(db)).days;
    if (day !== undefined) await dropDay(client, day);
  };
  try {
    await other.query("begin; lock table skeduler.log_chunks in access share mode");
    const dropping = assert.rejects(drop(), /lock timeout/);
    await preparePartitions(db).finally(async () => dropping);
    await preparePartitions(db);
    assert.equal(await ahead(), all - 1);
    await other.query("rollback");
    await drop();
    assert.deepEqual((await readDaysOfLogs(db)).days, []);
  } finally {
    await other.query("rollback");
    client.release();
  }
});

test("two at once agree, and what they make is as the parent is", async () => {
  for (let round = 0; round < 100; round += 1) {
    const all = await dropLastDay();
    await Promise.all([preparePartitions(db), preparePartitions(db)]);
    assert.equal(await ahead(), all);
  }
  const { rows } = await db.query(
    `select attname from pg_attribute where attrelid in (select inhrelid from pg_inherits where inhparent = 'skeduler.log_chunks'::regclass)
        and attname in ('data', 'entries') and attstorage <> 'e'`,
  );
  assert.deepEqual(rows, []);
});

test("where the parent is held, that is over after two seconds, and an API starts all the same", async () => {
  await dropLastDay();
  await other.query("begin; lock table skeduler.log_chunks in share update exclusive mode");
  try {
    await assert.rejects(preparePartitions(db), /lock timeout/);
    const config = loadConfig({ env: { SKEDULER_HTTP_LISTEN: "127.0.0.1:0", SKEDULER_TOKENS: "t" } });
    const api = await startApi({ config, database: database.url, tokens: config.tokens, log });
    await api.close();
  } finally {
    await other.query("rollback");
  }
});
