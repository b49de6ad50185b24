// What is announced: small chunks with their words, up to a bound, beyond it the experiment alone; and which words go with their commit.

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, test } from "node:test";
import pg from "pg";
import { channel, Notifier, sends } from "../../runtime/database/notifier.ts";
import { createPool } from "../../runtime/database/pool.ts";
import { createLog } from "../../runtime/log.ts";
import { ChunkBuilder, type Chunk } from "../../runtime/logs/chunk-format.ts";
import { readNotice } from "../../runtime/logs/chunk-notice.ts";
import { createTestDatabase } from "../support/database.ts";

const database = await createTestDatabase();
const db = createPool({ url: database.url, max: 1, name: "test", log: createLog("error") });
const listener = new pg.Client({ connectionString: database.url });
await listener.connect();
await listener.query(`listen ${channel}`);
let words: string[] = [];
listener.on("notification", ({ payload = "" }) => words.push(payload));
after(async () => {
  await Promise.all([listener.end(), db.end()]);
  await database.drop();
});

/** What was sent since the last time, each chunk by its sequence number. */
async function heard(): Promise<unknown[]> {
  await listener.query("select 1"); // what was announced before it has come by its answer
  const all = words.map((payload) => readNotice(payload)?.chunk.seq ?? payload);
  words = [];
  return all;
}

function chunk(bytes = 2): Chunk {
  const builder = new ChunkBuilder();
  builder.add("stdout", 1_700_000_000, 0, Buffer.alloc(bytes, "x"), 0, bytes);
  return builder.take();
}

test("a hundred chunks are announced with their words, in order; of more, the experiment", async () => {
  const notifier = new Notifier(db, createLog("error"));
  const experimentId = randomUUID();
  const { promise: all, resolve } = Promise.withResolvers<undefined>();
  const along = notifier.changing(experimentId, async () => all); // so that none of these takes its word along
  const grew = async (_: unknown, seq: number): Promise<undefined> =>
    notifier.growing({ experimentId, attemptId: randomUUID(), seq }, chunk(), async () => Promise.resolve(undefined));
  await Promise.all(Array.from({ length: 150 }, grew));
  await notifier.idle();
  resolve(undefined);
  await along;
  assert.deepEqual(await heard(), [...Array.from({ length: 101 }, (_, seq) => seq), experimentId]);
});

test("of many experiments that changed some two hundred are a payload, which has room for them", async () => {
  const notifier = new Notifier(db, createLog("error"));
  const ids = Array.from({ length: 401 }, () => randomUUID());
  const [first, ...others] = ids;
  notifier.changed(first ?? "");
  for (const id of others) notifier.changed(id);
  await notifier.idle();
  assert.deepEqual(await heard(), [first, others.slice(0, 200).join(","), others.slice(200).join(",")]);
});

test("a lone word goes with its commit, and then none for nine times as long as that took", async () => {
  let now = 0;
  const notifier = new Notifier(db, createLog("error"), () => now);
  const given: boolean[] = [];
  const taking = (ms: number) => async (payload: string | undefined) => {
    given.push(payload !== undefined);
    await db.query(`select ${sends("$1")}`, [payload]);
    now += ms;
    return payload;
  };
  const id = randomUUID();
  const place = { experimentId: id, attemptId: randomUUID(), seq: 7 };
  await notifier.growing(place, chunk(), taking(10));
  assert.deepEqual(await heard(), [7], "by the commit alone");
  now += 89;
  await notifier.growing(place, chunk(), taking(0));
  await notifier.idle();
  assert.deepEqual(await heard(), [7], "by the announcement alone");
  now += 1;
  await notifier.closing(id, taking(500));
  assert.deepEqual(await heard(), [`place,${id}`]);
  now += 999;
  await notifier.closing(id, taking(0));
  await notifier.idle();
  assert.deepEqual(await heard(), [`place,${id}`]);
  now += 1; // a second, however long it took
  await notifier.changing(id, taking(0));
  assert.deepEqual(await heard(), [id]);
  await notifier.growing(place, chunk(6_000), taking(0));
  await notifier.idle();
  assert.deepEqual(await heard(), [id], "a large chunk keeps nobody's word waiting");
  assert.deepEqual(given, [true, false, true, false, true, false]);
});

test("while one commit has its word along no other takes one", async () => {
  const notifier = new Notifier(db, createLog("error"));
  const { promise: first, resolve } = Promise.withResolvers<undefined>();
  const [one, two] = [randomUUID(), randomUUID()];
  const under = notifier.changing(one, async () => first);
  let along: string | undefined = "not asked";
  await notifier.changing(two, async (payload) => Promise.resolve((along = payload)));
  assert.equal(along, undefined);
  await notifier.idle();
  assert.deepEqual(await heard(), [two]);
  resolve(undefined);
  await under;
});

test("nothing is told of what was not committed, and what Postgres will not send keeps nothing from being committed", async () => {
  const notifier = new Notifier(db, createLog("error"), () => 0);
  const id = randomUUID();
  const fails = async (): Promise<never> => Promise.reject(new Error("fenced"));
  await assert.rejects(notifier.changing(id, fails), /fenced/);
  await assert.rejects(notifier.changing(id, fails), /fenced/);
  const full = async (payload: string | undefined): Promise<string> => {
    const raise = "raise 'too many notifications in the NOTIFY queue' using errcode = 'program_limit_exceeded'";
    if (payload !== undefined) await db.query(`do $$ begin ${raise}; end $$`);
    return "stored";
  };
  const other = randomUUID();
  assert.equal(await notifier.changing(other, full), "stored");
  await notifier.idle();
  assert.deepEqual(await heard(), [other]);
});
