// Attempts, opened and closed: what placement has decided is made true only where it still can be, and times are in order.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, test } from "node:test";
import pg from "pg";
import { channel } from "../../runtime/database/notifier.ts";
import { createPool } from "../../runtime/database/pool.ts";
import { createExperiments } from "../../runtime/database/statements/create-experiments.ts";
import { assign } from "../../runtime/database/statements/placement.ts";
import { registerHost, type Registration } from "../../runtime/database/statements/registration.ts";
import { closeAttempt, recordStart } from "../../runtime/database/statements/runner.ts";
import { createLog } from "../../runtime/log.ts";
import { eventually } from "../../runtime/up/processes.ts";
import { createTestDatabase } from "../support/database.ts";

const database = await createTestDatabase();
const db = createPool({ url: database.url, max: 3, name: "test", log: createLog("error") });
after(async () => {
  await db.end();
  await database.drop();
});

test("nothing is placed on a host that was drained, or removed, since the look", async () => {
  const ids = [randomUUID(), randomUUID(), randomUUID()];
  const body = JSON.stringify({ name: "n", docker: { image: "i" } });
  await createExperiments(
    db,
    ids.map((id) => ({ id, body, owner: "ada", retries: null, after: [] })),
  );
  await db.query(
    `insert into skeduler.hosts (name, engine_id, slots, cpus, memory_bytes, version, state, removed)
       select name, name, 4, 4, 1, '0', state, removed
         from (values ('open', 'active', false), ('drained', 'draining', false), ('gone', 'active', true)) h (name, state, removed)`,
  );
  const placed = await assign(
    db,
    ["open", "drained", "gone"].map((host, n) => ({ experimentId: ids[n] ?? "", host, gpus: [] })),
  );
  assert.deepEqual(placed, [ids[0]]);
  const { rows } = await db.query("select id::text as id, status, host, attempt from jobs order by seq");
  assert.deepEqual(rows, [
    { id: ids[0], status: "RUNNING", host: "open", attempt: 1 },
    { id: ids[1], status: "ENQUEUED", host: null, attempt: 0 },
    { id: ids[2], status: "ENQUEUED", host: null, attempt: 0 },
  ]);
});

/** An experiment that is placed on the host `open`. */
async function placed(): Promise<{ readonly id: string; readonly fence: Parameters<typeof closeAttempt>[1] }> {
  const id = randomUUID();
  const body = JSON.stringify({ name: "short", docker: { image: "i" } });
  await createExperiments(db, [{ id, body, owner: "ada", retries: null, after: [] }]);
  await assign(db, [{ experimentId: id, host: "open", gpus: [] }]);
  const { rows } = await db.query<{ id: string; epoch: string }>(
    "select id::text as id, epoch::text as epoch from skeduler.attempts where experiment_id = $1",
    [id],
  );
  return { id, fence: { attemptId: rows[0]?.id ?? "", epoch: rows[0]?.epoch ?? "" } };
}

const finished = { reason: "exited", exit_code: 0, signal: null, message: "Finished." } as const;

test("an end that is reported while the same report is under way, as after a lost answer, counts as closed by us", async () => {
  const { fence } = await placed();
  const end = { result: finished, finished: true, endedAt: undefined, retryIn: undefined };
  const first = await db.connect();
  try {
    await first.query("begin");
    assert.ok(await closeAttempt(first, fence, end));
    const second = closeAttempt(db, fence, end);
    const waits = async (): Promise<boolean> =>
      (await db.query("select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'"))
        .rowCount === 1;
    assert.ok(await eventually(10_000, waits));
    await first.query("commit");
    assert.equal(await second, true);
  } finally {
    first.release();
  }
});

test("an experiment's placement, start and end are told with their commits, and not where they do not come about", async () => {
  const listener = new pg.Client({ connectionString: database.url });
  try {
    await listener.connect();
    await listener.query(`listen ${channel}`);
    const heard: unknown[] = [];
    listener.on("notification", ({ payload }) => heard.push(payload));
    const { id, fence } = await placed();
    const other = { ...fence, epoch: `${fence.epoch}1` };
    const start = { startedAt: new Date(), output: undefined };
    const end = { result: finished, finished: true, endedAt: undefined, retryIn: undefined };
    await assign(db, [{ experimentId: id, host: "open", gpus: [] }]); // it is
    assert.equal(await recordStart(db, other, start, "not ours"), undefined);
    assert.notEqual(await recordStart(db, fence, start, "started"), undefined);
    assert.equal(await closeAttempt(db, other, end, { payload: "not ours" }), false);
    assert.equal(await closeAttempt(db, fence, end, { payload: "closed" }), true);
    assert.equal(await closeAttempt(db, fence, end, { payload: "closed before" }), true);
    await listener.query("select 1"); // what was told before has come by its answer
    assert.deepEqual(heard, [id, "started", "closed"]);
  } finally {
    await listener.end();
  }
});

test("nothing ends before it started, though Docker may say so of a short program", async () => {
  const { id, fence } = await placed();
  const startedAt = new Date("2026-01-01T00:00:00.342Z");
  await recordStart(db, fence, { startedAt, output: undefined });
  const endedAt = new Date("2026-01-01T00:00:00.338Z");
  assert.ok(await closeAttempt(db, fence, { result: finished, finished: true, endedAt, retryIn: undefined }));
  for (const table of ["jobs where id = $1", "skeduler.attempts where experiment_id = $1"]) {
    const times = await db.query(`select started_at, ended_at from ${table}`, [id]);
    assert.deepEqual(times.rows, [{ started_at: startedAt, ended_at: startedAt }]);
  }
});

test("a runner that checks no GPUs finds none withheld, also by what its predecessor closes at that moment", async () => {
  const gpu = { uuid: "GPU-1", index: 0, name: "A100", memoryMiB: 40960 };
  const host: Registration = {
    name: "checked",
    engineId: "e",
    slots: 1,
    labels: [],
    gpus: [gpu],
    cpus: 1,
    memoryBytes: 1,
    version: "test",
    fencedWithin: undefined,
    checksGpus: true,
    known: undefined,
  };
  const first = await registerHost(db, host);
  await db.query("delete from skeduler.withheld_gpus"); // seen clean
  const id = randomUUID();
  const body = JSON.stringify({ name: "gpu", docker: { image: "i" }, resources: { gpus: 1 } });
  await createExperiments(db, [{ id, body, owner: "ada", retries: null, after: [] }]);
  await assign(db, [{ experimentId: id, host: "checked", gpus: [gpu.uuid] }]);
  const attempt = await db.query<{ id: string }>("select id::text as id from skeduler.attempts where host = 'checked'");
  const fence = { attemptId: attempt.rows[0]?.id ?? "", epoch: first?.epoch ?? "" };
  const result = { reason: "exited", exit_code: 0, signal: null, message: "Finished." } as const;
  const predecessor = await db.connect();
  await predecessor.query("begin");
  const end = { result, finished: true, endedAt: undefined, retryIn: undefined };
  assert.ok(await closeAttempt(predecessor, fence, end));
  const registering = registerHost(db, { ...host, checksGpus: false });
  for (let waits = 0; waits === 0;)
    waits = (await db.query("select pg_sleep(0.01) from pg_locks where not granted")).rowCount ?? 0;
  await predecessor.query("commit");
  predecessor.release();
  await registering;
  assert.deepEqual((await db.query("select gpu from skeduler.withheld_gpus")).rows, []);
});
