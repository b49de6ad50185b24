// What reads one attempt's log or metrics takes its day's partition alone, however many days are kept: planned for all of them, each
// read would lock them all.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { createPool, transaction, type Pool, type Queryable } from "../../runtime/database/pool.ts";
import { appendLog, type Append } from "../../runtime/database/statements/append-log.ts";
import { readMetrics } from "../../runtime/database/statements/metrics.ts";
import { findChunk, findChunkSince } from "../../runtime/database/statements/read-log.ts";
import { createLog } from "../../runtime/log.ts";
import { ChunkBuilder } from "../../runtime/logs/chunk-format.ts";
import { parseView } from "../../runtime/logs/view.ts";
import { createTestDatabase, type TestDatabase } from "../support/database.ts";

let database: TestDatabase;
let db: Pool;
let attempt: { id: string; day: string; nextSeq: number };
before(async () => {
  database = await createTestDatabase();
  db = createPool({ url: database.url, max: 1, name: "test", log: createLog("error") });
  await db.query(
    `do $$ declare d date; parent text; begin
       for d in select current_date - n from generate_series(1, 30) n loop
         foreach parent in array array['log_chunks', 'metric_chunks'] loop
           execute format('create table skeduler.%1$s_%2$s partition of skeduler.%1$s for values from (%3$L) to (%4$L)', parent, to_char(d, 'YYYYMMDD'), d, d + 1);
         end loop;
       end loop; end $$`,
  );
  await db.query(
    "insert into skeduler.hosts (name, engine_id, epoch, slots, cpus, memory_bytes, version) values ('h', 'e', 1, 1, 1, 1, 'v')",
  );
  const { rows } = await db.query<{ id: string; day: string }>(
    `with j as (insert into jobs (name, description, docker_image, docker_command, docker_environment) values ('n', '', 'i', '', '{}') returning id)
     insert into skeduler.attempts (experiment_id, number, host, epoch) select id, 1, 'h', 1 from j returning id, day::text as day`,
  );
  const [row] = rows;
  assert.ok(row !== undefined);
  attempt = { ...row, nextSeq: 1 };
  assert.equal(await appendLog(db, line()), true);
});
after(async () => {
  await db.end();
  await database.drop();
});

function line(): Append {
  const builder = new ChunkBuilder();
  builder.add("stdout", 1_700_000_000, 0, Buffer.from("x\n"), 0, 2);
  return { attemptId: attempt.id, epoch: "1", seq: 0, chunk: builder.take(), position: {} };
}

const view = parseView("stdout");
const reads: readonly [what: string, read: (db: Queryable) => Promise<unknown>, answer: unknown][] = [
  ["the chunk of a byte", async (client) => findChunk(client, attempt, view, "offset", 0), 0],
  ["the chunk of a line", async (client) => findChunk(client, attempt, view, "line", 0), 0],
  ["the chunk of a time", async (client) => findChunkSince(client, attempt, { seconds: 1_700_000_000, nanos: 0 }), 0],
  [
    "metrics",
    async (client) =>
      readMetrics(client, attempt, { from: undefined, to: undefined, step: undefined, names: undefined }),
    [],
  ],
  ["whether a chunk was stored whose answer was lost", async (client) => appendLog(client, line()), true],
];
for (const [what, read, answer] of reads)
  test(what, async () => {
    const others = await transaction(db, async (client) => {
      assert.deepEqual(await read(client), answer);
      const { rows } = await client.query<{ name: string }>(
        `select distinct relation::regclass::text as name from pg_locks
          where pid = pg_backend_pid() and relation::regclass::text ~ '_chunks_\\d{8}$' order by 1`,
      );
      return rows.map(({ name }) => name).filter((name) => !name.endsWith(attempt.day.replaceAll("-", "")));
    });
    assert.deepEqual(others, []);
  });
