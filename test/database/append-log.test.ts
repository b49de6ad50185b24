// The fence of a log: a chunk is stored once, also where its answer was lost; and what another run of the same epoch stored in
// its place is not taken for it.

import assert from "node:assert/strict";
import { test } from "node:test";
import { createPool } from "../../runtime/database/pool.ts";
import { appendLog, type Append } from "../../runtime/database/statements/append-log.ts";
import { createLog } from "../../runtime/log.ts";
import { ChunkBuilder } from "../../runtime/logs/chunk-format.ts";
import { createTestDatabase } from "../support/database.ts";

test("a repeated chunk counts as stored, another one in its place does not", async () => {
  const database = await createTestDatabase();
  const db = createPool({ url: database.url, max: 1, name: "test", log: createLog("error") });
  try {
    await db.query(
      "insert into skeduler.hosts (name, engine_id, epoch, slots, cpus, memory_bytes, version) values ('h', 'e', 1, 1, 1, 1, 'v')",
    );
    const { rows } = await db.query<{ id: string }>(
      `with j as (insert into jobs (name, description, docker_image, docker_command, docker_environment) values ('n', '', 'i', '', '{}') returning id)
       insert into skeduler.attempts (experiment_id, number, host, epoch) select id, 1, 'h', 1 from j returning id`,
    );
    const attemptId = rows[0]?.id ?? "";
    const append = (text: string, seq: number): Append => {
      const builder = new ChunkBuilder();
      const bytes = Buffer.from(text);
      builder.add("stdout", 1_700_000_000, 0, bytes, 0, bytes.length);
      return { attemptId, epoch: "1", seq, chunk: builder.take(), position: {} };
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
  } finally {
    await db.end();
    await database.drop();
  }
});
