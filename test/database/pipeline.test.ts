// Statements that share a connection without waiting for one another: sent at once, each for itself, and what breaks the connection
// fails what was sent on it and nothing that comes after.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import pg from "pg";
import { isUnavailable } from "../../runtime/database/faults.ts";
import { pipelineOf } from "../../runtime/database/pipeline.ts";
import { createPool, type Pool, type Queryable } from "../../runtime/database/pool.ts";
import { createLog } from "../../runtime/log.ts";
import { createTestDatabase, type TestDatabase } from "../support/database.ts";

let database: TestDatabase;
let pool: Pool;
let pipeline: Queryable;
let other: pg.Client;
const connections: pg.Client[] = [];
before(async () => {
  database = await createTestDatabase({ empty: true });
  pool = createPool({ url: database.url, max: 1, min: 1, name: "pipeline", log: createLog("error"), pipeline: true });
  pool.on("connect", (client) => connections.push(client));
  pipeline = pipelineOf(pool);
  other = new pg.Client({ connectionString: database.url });
  await other.connect();
});
after(async () => {
  await other.end();
  await pool.end();
  await database.drop();
});

const pid = async (): Promise<unknown> =>
  (await pipeline.query<{ pid: number }>("select pg_backend_pid() as pid")).rows[0]?.pid;
const sent = (): number =>
  (connections.at(-1) as unknown as { connection: { stream: { bytesWritten: number } } }).connection.stream
    .bytesWritten;
/** A statement that waits for as long as `other` holds lock 1. */
const waiting = async (): Promise<unknown> => pipeline.query("select pg_advisory_xact_lock(1)");

test("a statement is sent while the one before it is not answered, on the same connection", async () => {
  const own = await pid();
  await other.query("select pg_advisory_lock(1)");
  const first = waiting();
  await new Promise(setImmediate);
  const before = sent();
  const second = pid();
  await new Promise(setImmediate);
  assert.ok(sent() > before, "the second statement waited");
  await other.query("select pg_advisory_unlock(1)");
  await first;
  assert.equal(await second, own);
  assert.deepEqual([pool.totalCount, pool.idleCount], [1, 1]);
});

test("one that fails harms neither the one before nor the one after it", async () => {
  const named = async (n: number): Promise<number | undefined> =>
    (await pipeline.query<{ n: number }>({ name: "share", text: "select 12 / $1::int as n" }, [n])).rows[0]?.n;
  const [before, bad, after] = await Promise.allSettled([named(1), named(0), named(2)]);
  assert.deepEqual(before, { status: "fulfilled", value: 12 });
  assert.equal(bad.status === "rejected" && (bad.reason as pg.DatabaseError).code, "22012");
  assert.deepEqual(after, { status: "fulfilled", value: 6 });
});

test("a connection that breaks fails all that was sent on it, as a database that is away; the next statement has a new one", async () => {
  const own = await pid();
  await other.query("select pg_advisory_lock(1)");
  const outcomes = Promise.allSettled([waiting(), pid()]);
  await new Promise(setImmediate);
  await other.query("select pg_terminate_backend($1)", [own]);
  for (const one of await outcomes) assert.equal(one.status === "rejected" && isUnavailable(one.reason), true);
  await other.query("select pg_advisory_unlock(1)");
  assert.notEqual(await pid(), own);
  assert.equal(pool.totalCount, 1);
});

test("what is asked the moment a connection breaks, before all that was sent on it has failed, has a new one", async () => {
  const own = await pid();
  await other.query("select pg_advisory_lock(1)");
  const first = assert.rejects(waiting(), isUnavailable);
  const second = assert.rejects(pid(), isUnavailable);
  await new Promise(setImmediate);
  const terminated = other.query("select pg_terminate_backend($1)", [own]); // its answer may be later than the break
  await first;
  assert.notEqual(await pid(), own);
  await Promise.all([second, terminated]);
  await other.query("select pg_advisory_unlock(1)");
});

test("a server that takes no writes any more is not asked again on the same connection", async () => {
  const own = await pid();
  const readOnly = `do $$ begin raise exception using errcode = 'read_only_sql_transaction'; end $$`;
  await assert.rejects(pipeline.query(readOnly), isUnavailable);
  assert.notEqual(await pid(), own);
});
