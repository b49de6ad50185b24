// What the hourly task makes and forgets: days ahead, and of keys, use and notifications only those past their time.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { JobHelpers } from "graphile-worker";
import { createPool, type Pool } from "../../runtime/database/pool.ts";
import { createLog } from "../../runtime/log.ts";
import { keepHouse } from "../../tasks/keep-house.ts";
import { createTestDatabase, type TestDatabase } from "../support/database.ts";

/** How long notifications are kept here, ms: three hours. */
const keep = 3 * 3_600_000;

let database: TestDatabase;
let db: Pool;
before(async () => {
  database = await createTestDatabase();
  db = createPool({ url: database.url, max: 2, name: "test", log: createLog("error") });
});
after(async () => {
  await db.end();
  await database.drop();
});

const run = async (): Promise<void> => {
  await keepHouse(db, keep)(undefined, {} as JobHelpers); // which it does not look at
};

/** The one column that a statement gives, in its order. */
async function column(text: string): Promise<unknown[]> {
  const { rows } = await db.query<{ it: unknown }>(text);
  return rows.map(({ it }) => it);
}

test("today and the seven days ahead have their partitions, of logs and of metrics, however often it runs", async () => {
  const wanted = await column(
    `select parent || '_' || to_char(current_date + ahead, 'YYYYMMDD') as it
       from unnest(array['log_chunks', 'metric_chunks']) parent, generate_series(0, 7) ahead order by 1`,
  );
  const there = async (): Promise<unknown[]> =>
    column(
      `select c.relname::text as it from pg_inherits i join pg_class c on c.oid = i.inhrelid
        where i.inhparent in ('skeduler.log_chunks'::regclass, 'skeduler.metric_chunks'::regclass) order by 1`,
    );
  for (const name of wanted) await db.query(`drop table skeduler.${String(name)}`);
  assert.deepEqual(await there(), []);
  await run();
  assert.deepEqual(await there(), wanted);
  await run();
  assert.deepEqual(await there(), wanted);
});

test("an Idempotency-Key is forgotten after 24 hours, not before", async () => {
  await db.query(
    `insert into skeduler.idempotency_keys (owner, key, body_hash, experiment_ids, created_at)
       select 'ada', age, '', array[gen_random_uuid()], now() - age::interval
         from unnest(array['23:59', '24:01', '240:00', '00:00']) age`,
  );
  await run();
  assert.deepEqual(await column("select key as it from skeduler.idempotency_keys order by 1"), ["00:00", "23:59"]);
});

test("use is forgotten when fair share no longer counts it: after 240 days", async () => {
  await db.query(
    `insert into skeduler.usage (owner, hour, gpu_hours)
       select days::text, now() - make_interval(days => days), 1 from unnest(array[0, 239, 241]) days`,
  );
  await run();
  assert.deepEqual(await column("select owner as it from skeduler.usage order by 1"), ["0", "239"]);
});

test("a notification that was settled is kept as long as configured, one that waits however old it is", async () => {
  await db.query(
    `with job as (insert into jobs (name, description, docker_image, docker_command, docker_environment, status)
                    values ('told', '', 'i', '', '{}', 'FINISHED') returning id)
     insert into skeduler.notifications (target, experiment_id, status, attempt, change, state, created_at, settled_at)
       select target, job.id, 'FINISHED', 1, '{}', state, now() - interval '9 days', now() - settled::interval
         from job, (values ('sent before', 'sent', '02:59'), ('sent long before', 'sent', '03:01'), ('given up before', 'failed', '02:59'),
                           ('given up long before', 'failed', '03:01'), ('waits', 'waiting', null)) v (target, state, settled)`,
  );
  await run();
  assert.deepEqual(await column("select target as it from skeduler.notifications order by 1"), [
    "given up before",
    "sent before",
    "waits",
  ]);
});
