// Growth: with many ended experiments and their logs in the tables, no statement that runs all the time reads a whole one
// of them. auto_explain says how each was really done, whoever sent it.

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, before, beforeEach, test } from "node:test";
import { createPool, type Pool } from "../../runtime/database/pool.ts";
import { appendLog } from "../../runtime/database/statements/append-log.ts";
import { createExperiments, findExperiments } from "../../runtime/database/statements/create-experiments.ts";
import { readExperiments, readPage, readPageEnd } from "../../runtime/database/statements/read-experiments.ts";
import { findChunk, findChunkSince, readChunks, readLogState } from "../../runtime/database/statements/read-log.ts";
import { createLog } from "../../runtime/log.ts";
import { ChunkBuilder, now } from "../../runtime/logs/chunk-format.ts";
import { parseView } from "../../runtime/logs/view.ts";
import { plainPlacement } from "../support/plain-placement.ts";
import { createTestDatabase, type TestDatabase } from "../support/database.ts";
import { makeHistory } from "../support/history.ts";

const settings = {
  session_preload_libraries: "auto_explain",
  "auto_explain.log_min_duration": "0",
  "auto_explain.log_level": "notice",
  "auto_explain.log_analyze": "on",
  "auto_explain.log_timing": "off",
  client_min_messages: "notice",
};

let database: TestDatabase;
let pool: Pool;
let plans: string[] = [];

before(async () => {
  database = await createTestDatabase();
  const plain = createPool({ url: database.url, max: 1, name: "test", log: createLog("error") });
  await makeHistory(plain, { experiments: 20_000, chunks: 5_000 });
  await plain.end();
  pool = explainingPool(database, 2);
});
after(async () => {
  await pool.end();
  await database.drop();
});
beforeEach(() => {
  plans = [];
});

/** Its statements' plans come into `plans`. */
function explainingPool({ url: plain }: TestDatabase, max: number): Pool {
  const url = new URL(plain);
  const words = Object.entries(settings).map(([name, value]) => `-c ${name}=${value}`);
  url.searchParams.set("options", words.join(" "));
  const explaining = createPool({ url: url.href, max, name: "test", log: createLog("error") });
  explaining.on("connect", (client) => client.on("notice", ({ message }) => plans.push(message ?? "")));
  return explaining;
}

/** How many rows of the tables that grow a plan's scans took or threw away. */
function rowsRead(plan: string): number {
  let rows = 0;
  let grows = false;
  for (const line of plan.split("\n")) {
    const scan = /Scan.* on (\w+).*actual rows=([\d.]+) loops=(\d+)/.exec(line);
    if (scan !== null) grows = /^(?:jobs|attempts|events|log_chunks)/.test(scan[1] ?? "");
    if (scan !== null && grows) rows += Number(scan[2]) * Number(scan[3]);
    const removed = /Rows Removed by .*: (\d+)/.exec(line);
    if (removed !== null && grows) rows += Number(removed[1]);
  }
  return rows;
}

/** More than once: a prepared statement may get another plan from its sixth time on. */
async function always(work: () => Promise<unknown>): Promise<void> {
  for (let time = 0; time < 8; time += 1) await work();
  assert.ok(plans.length >= 8, "the statements were explained");
  const whole = plans.find((plan) => /Seq Scan on (?:jobs|attempts|events|log_chunks)/.test(plan));
  assert.equal(whole, undefined);
}

async function someLog(): Promise<{ experiment: string; id: string; day: string; nextSeq: number }> {
  const { rows } = await pool.query<{ experiment: string; id: string; day: string }>(
    "select experiment_id::text as experiment, id::text as id, day::text as day from skeduler.attempts where next_seq > 0 limit 1",
  );
  const [row] = rows;
  assert.ok(row);
  plans = [];
  return { ...row, nextSeq: 100 };
}

test("POST", async () => {
  const body = JSON.stringify({ name: "new", docker: { image: "busybox" } });
  await always(async () =>
    createExperiments(pool, [{ id: randomUUID(), body, owner: "token-1", retries: null, after: [] }]),
  );
});

test("what an experiment comes after, by id and by name", async () => {
  const { experiment } = await someLog();
  await always(async () => {
    const found = await findExperiments(pool, [experiment, "past 7", "nobody's", randomUUID()]);
    assert.equal(found.get(experiment), experiment);
  });
  for (const plan of plans) assert.ok(rowsRead(plan) < 50, plan);
});

test("GET by id, and the list by cursor", async () => {
  const { experiment } = await someLog();
  await always(async () => readExperiments(pool, [experiment, randomUUID()]));
  await always(async () => readPage(pool, { order: "asc", after: 12_000n, limit: 100 }));
  await always(async () => readPage(pool, { order: "desc", after: undefined, limit: 100 }));
  for (const order of ["asc", "desc"] as const) {
    const end = order === "asc" ? 12_100n : 11_900n;
    await always(async () => assert.equal(await readPageEnd(pool, { order, after: 12_000n, limit: 100 }), end));
    await always(async () => {
      const page = await readPage(pool, { order, after: 12_000n, upto: end, limit: 500 });
      assert.deepEqual([page.count, page.last], [100, String(end)]);
    });
  }
});

test("placement, of which nothing and something comes", async () => {
  const placement = plainPlacement(pool);
  await always(async () => placement.run());
  await pool.query("insert into skeduler.heartbeats (host) values ('past')");
  plans = [];
  await always(async () => placement.run());
});

test("a log's append, its state, its chunks, the chunk of a byte, of a line, of a time", async () => {
  const { experiment, ...attempt } = await someLog();
  const view = parseView(undefined);
  const builder = new ChunkBuilder();
  builder.add("stdout", now().seconds, 0, Buffer.from("a line\n"), 0, 7);
  const chunk = builder.take();
  await pool.query("update skeduler.attempts set closed_at = null where id = $1", [attempt.id]);
  plans = [];
  let seq = attempt.nextSeq;
  await always(async () => {
    const stored = await appendLog(pool, { attemptId: attempt.id, epoch: "1", seq: seq++, chunk, position: {} });
    assert.ok(stored);
  });
  await always(async () => readLogState(pool, experiment, undefined));
  await always(async () => {
    const state = await readLogState(pool, experiment, undefined, attempt.day);
    assert.equal(state?.attempt?.last?.seq, seq - 1);
  });
  await always(async () => assert.equal((await readChunks(pool, attempt, 30, 5)).length, 5));
  await always(async () => assert.equal(await findChunk(pool, attempt, view, "offset", 50_001), 25));
  await always(async () => assert.equal(await findChunk(pool, attempt, view, "line", 50), 50));
  await always(async () => findChunkSince(pool, attempt, now()));
});

test("what was planned while the tables were empty does not read them whole once they are full", async () => {
  const fresh = await createTestDatabase();
  await using cleanup = new AsyncDisposableStack();
  cleanup.defer(async () => fresh.drop());
  const one = explainingPool(fresh, 1); // a plan is its connection's
  cleanup.defer(async () => one.end());
  await one.query(
    "alter table jobs set (autovacuum_enabled = off); alter table skeduler.attempts set (autovacuum_enabled = off)",
  );
  const placement = plainPlacement(one);
  const post = async (names: readonly string[], after: readonly string[] = []): Promise<string[]> => {
    const rows = names.map((name) => ({
      id: randomUUID(),
      body: JSON.stringify({ name, docker: { image: "busybox" } }),
      owner: "token-1",
      retries: null,
      after,
    }));
    await createExperiments(one, rows);
    return rows.map(({ id }) => id);
  };
  const [first = ""] = await post(["first"]);
  const everything = async (): Promise<void> => {
    await post(["another"]);
    await placement.run();
    await readExperiments(one, [first]);
    await readPage(one, { order: "asc", after: 0n, limit: 100 });
    await readPageEnd(one, { order: "asc", after: 0n, limit: 100 });
    await readLogState(one, first, undefined);
  };
  for (let time = 0; time < 8; time += 1) await everything();

  await makeHistory(one, { experiments: 20_000, chunks: 0, analyzed: false });
  await one.query("insert into skeduler.heartbeats (host) values ('past')");
  await post(Array.from({ length: 2_000 }, (_, n) => `waits ${n}`));
  await one.query("update jobs set status = 'CANCELLED' where id = $1", [first]);
  const doomed = await post(["comes after"], [first]);
  plans = [];
  await everything();
  assert.ok(plans.length >= 10, "the statements were explained");
  for (const plan of plans) assert.ok(rowsRead(plan) < 1_000, plan);
  const { rows } = await one.query("select status from jobs where id = any($1)", [doomed]);
  assert.deepEqual(rows, [{ status: "CANCELLED" }]);
});

test("a prepared statement is planned once, not each time for the values at hand", async () => {
  const { experiment } = await someLog();
  const one = createPool({ url: database.url, max: 1, name: "test", log: createLog("error") }); // a plan is its connection's
  for (let time = 0; time < 8; time += 1) {
    await readExperiments(one, [experiment]);
    await plainPlacement(one).run();
  }
  const { rows } = await one.query<{ name: string; once: boolean }>(
    "select name, generic_plans >= 8 and custom_plans = 0 as once from pg_prepared_statements",
  );
  await one.end();
  for (const name of ["look", "read_experiments"])
    assert.ok(
      rows.some((row) => row.name === name),
      name,
    );
  assert.deepEqual(
    rows.filter(({ once }) => !once),
    [],
  );
});
