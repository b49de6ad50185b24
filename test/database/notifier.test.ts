// What is announced while an announcement is under way: small chunks with their words, up to a bound; beyond it the experiment alone.

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { test } from "node:test";
import pg from "pg";
import { channel, Notifier } from "../../runtime/database/notifier.ts";
import { createPool } from "../../runtime/database/pool.ts";
import { createLog } from "../../runtime/log.ts";
import { ChunkBuilder } from "../../runtime/logs/chunk-format.ts";
import { readNotice } from "../../runtime/logs/chunk-notice.ts";
import { createTestDatabase } from "../support/database.ts";

test("a hundred chunks are announced with their words, in order; of more, the experiment", async () => {
  const database = await createTestDatabase();
  const db = createPool({ url: database.url, max: 1, name: "test", log: createLog("error") });
  const listener = new pg.Client({ connectionString: database.url });
  try {
    await listener.connect();
    await listener.query(`listen ${channel}`);
    const heard: string[] = [];
    listener.on("notification", ({ payload = "" }) => heard.push(payload));
    const notifier = new Notifier(db, createLog("error"));
    const experimentId = randomUUID();
    for (let seq = 0; seq < 150; seq += 1) {
      const builder = new ChunkBuilder();
      builder.add("stdout", 1_700_000_000, 0, Buffer.from("x\n"), 0, 2);
      notifier.grew({ experimentId, attemptId: randomUUID(), seq }, builder.take());
    }
    await notifier.idle();
    await listener.query("select 1"); // what was announced before it has come by its answer
    const read = heard.map((payload) => readNotice(payload)?.chunk.seq ?? payload);
    assert.deepEqual(read, [...Array.from({ length: 101 }, (_, seq) => seq), experimentId]);
  } finally {
    await Promise.all([listener.end(), db.end()]);
    await database.drop();
  }
});
