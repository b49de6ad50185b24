// The fence of a log: a chunk is stored once, also where its answer was lost; and what another run of the same epoch stored in
// its place is not taken for it. What is to be told of it goes out with it, or not at all.

import assert from "node:assert/strict";
import { test } from "node:test";
import pg from "pg";
import { channel } from "../../runtime/database/notifier.ts";
import { createPool } from "../../runtime/database/pool.ts";
import { appendLog, type Append } from "../../runtime/database/statements/append-log.ts";
import { createLog } from "../../runtime/log.ts";
import { ChunkBuilder } from "../../runtime/logs/chunk-format.ts";
import { createTestDatabase } from "../support/database.ts";

test("a repeated chunk counts as stored, another one in its place does not", async () => {
  await using cleanup = new AsyncDisposableStack();
  const database = cleanup.adopt(await createTestDatabase(), async (one) => one.drop());
  const pool = createPool({ url: database.url, max: 1, name: "test", log: createLog("error") });
  const db = cleanup.adopt(pool, async (one) => one.end());
  await db.query(
    "insert into skeduler.hosts (name, engine_id, epoch, slots, cpus, memory_bytes, version) values ('h', 'e', 1, 1, 1, 1, 'v')",
  );
  const { rows } = await db.query<{ id: string }>(
    `with j as (insert into jobs (name, description, docker_image, docker_command, docker_environment) values ('n', '', 'i', '', '{}') returning id)
       insert into skeduler.attempts (experiment_id, number, host, epoch) select id, 1, 'h', 1 from j returning id`,
  );
  const attemptId = rows[0]?.id ?? "";
  const listener = cleanup.adopt(new pg.Client({ connectionString: database.url }), async (one) => one.end());
  await listener.connect();
  await listener.query(`listen ${channel}`);
  const heard: unknown[] = [];
  listener.on("notification", ({ payload }) => heard.push(payload));
  const append = (text: string, seq: number): Append => {
    const builder = new ChunkBuilder();
    const bytes = Buffer.from(text);
    builder.add("stdout", 1_700_000_000, 0, bytes, 0, bytes.length);
    return { attemptId, epoch: "1", seq, chunk: builder.take(), position: {}, payload: `${text.trim()} at ${seq}` };
  };
  assert.equal(await appendLog(db, append("one\n", 0)), true);
  assert.equal(await appendLog(db, append("one\n", 0)), true, "its answer was lost");
  assert.equal(await appendLog(db, append("two\n", 0)), false, "another run was there first");
  assert.equal(await appendLog(db, append("two\n", 1)), true);
  assert.equal(await appendLog(db, append("one\n", 0)), false, "that was long ago");
  const stored = await db.query<{ text: string }>(
    "select string_agg(convert_from(data, 'UTF8'), '' order by seq) as text from skeduler.log_chunks",
  );
  assert.equal(stored.rows[0]?.text, "one\ntwo\n");
  await listener.query("select 1"); // what was told before has come by its answer
  assert.deepEqual(heard, ["one at 0", "two at 1"], "told of what was stored, once");
});
