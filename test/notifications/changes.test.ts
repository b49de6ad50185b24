// Every statement that changes a status, on a real Postgres: one notification per change and target, in its transaction.

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, before, beforeEach, test } from "node:test";
import { pino } from "pino";
import { createPool, transaction, type Pool } from "../../runtime/database/pool.ts";
import { changeExperiment } from "../../runtime/database/statements/change-experiment.ts";
import { createExperiments } from "../../runtime/database/statements/create-experiments.ts";
import { cancelGroup, createGroup } from "../../runtime/database/statements/groups.ts";
import { giveUpLostHosts } from "../../runtime/database/statements/hosts.ts";
import { registerTargets, type TargetRow } from "../../runtime/database/statements/notifications.ts";
import { look } from "../../runtime/database/statements/cluster.ts";
import { assign, cancelDependants } from "../../runtime/database/statements/placement.ts";
import { registerHost } from "../../runtime/database/statements/registration.ts";
import { closeAttempt, recordStart } from "../../runtime/database/statements/runner.ts";
import type { Result } from "../../runtime/experiment/states.ts";
import { createTestDatabase, type TestDatabase } from "../support/database.ts";

let database: TestDatabase;
let db: Pool;
before(async () => {
  database = await createTestDatabase();
  db = createPool({ url: database.url, max: 3, name: "changes test", log: pino({ level: "error" }) });
  await registerHost(db, {
    name: "h",
    engineId: "e",
    slots: 1000,
    labels: [],
    gpus: [],
    cpus: 8,
    memoryBytes: 1e10,
    version: "test",
    fencedWithin: undefined,
    checksGpus: false,
    known: undefined,
  });
});
after(async () => {
  await db.end();
  await database.drop();
});

const target = (name: string, more: Partial<TargetRow> = {}): TargetRow => ({
  name,
  called: name,
  task: "notify-test",
  statuses: ["ENQUEUED", "RUNNING", "FINISHED", "CANCELLED"],
  owners: [],
  names: [],
  byDefault: true,
  ...more,
});
const register = async (...targets: TargetRow[]): Promise<void> => registerTargets(db, ["notify-test"], targets);
beforeEach(async () => {
  await register(target("all"));
  await db.query("delete from skeduler.notifications");
  await db.query("select graphile_worker.complete_jobs(array(select id from graphile_worker.jobs))");
});

interface Making {
  readonly body?: object;
  readonly owner?: string;
  readonly after?: readonly string[];
  readonly group?: string;
}

async function make(count: number, { body = {}, owner = "ada", after: others = [], group }: Making = {}) {
  const raw = JSON.stringify({ name: "train", docker: { image: "i" }, ...body });
  const member = { name: "train", command: "", environment: "{}", combination: "{}" };
  const rows = Array.from({ length: count }, () => ({
    id: randomUUID(),
    body: raw,
    owner,
    retries: null,
    after: others,
  }));
  await createExperiments(
    db,
    rows.map((row) => (group === undefined ? row : { ...row, sweep: { group, member } })),
  );
  return rows.map(({ id }) => id);
}

async function place(ids: readonly string[]): Promise<void> {
  await assign(
    db,
    ids.map((experimentId) => ({ experimentId, host: "h", gpus: [] })),
  );
}

async function fenceOf(id: string): Promise<{ attemptId: string; epoch: string }> {
  const { rows } = await db.query<{ attemptId: string; epoch: string }>(
    'select id::text as "attemptId", epoch::text as epoch from skeduler.attempts where experiment_id = $1 and closed_at is null',
    [id],
  );
  const [fence] = rows;
  assert.ok(fence);
  return fence;
}

async function close(id: string, retryIn?: number): Promise<void> {
  const result: Result = { reason: "exited", exit_code: 1, signal: null, message: "It exited with 1." };
  await closeAttempt(db, await fenceOf(id), { result, finished: true, endedAt: new Date(), retryIn });
}

const put = async (id: string, body: object) => changeExperiment(db, { id, body: JSON.stringify(body), owner: "ada" });

/** What was written since, as "status target attempt", in order. */
async function told(id?: string): Promise<string[]> {
  const { rows } = await db.query<{ said: string }>(
    `select status || ' ' || target || ' ' || attempt as said from skeduler.notifications
      where $1::uuid is null or experiment_id = $1 order by seq`,
    [id ?? null],
  );
  return rows.map(({ said }) => said);
}

test("from the POST to the end of the last attempt: one for each change, none for an edit or a start", async () => {
  const [id = ""] = await make(1);
  await place([id]);
  const fence = await fenceOf(id);
  await recordStart(db, fence, { startedAt: new Date(), output: undefined });
  await put(id, { name: "renamed", metadata: { a: 1 } });
  await close(id, 0); // is tried again: not an end
  await place([id]);
  await close(id);
  await put(id, { status: "ENQUEUED" });
  await put(id, { status: "CANCELLED" });
  await put(id, { status: "CANCELLED" }); // is so already
  assert.deepEqual(await told(), [
    "ENQUEUED all 0",
    "RUNNING all 1",
    "ENQUEUED all 1",
    "RUNNING all 2",
    "FINISHED all 2",
    "ENQUEUED all 2",
    "CANCELLED all 2",
  ]);
});

test("a change that is rolled back tells nobody, and leaves no queue job", async () => {
  const [id = ""] = await make(1);
  await db.query("delete from skeduler.notifications");
  await db.query("select graphile_worker.complete_jobs(array(select id from graphile_worker.jobs))");
  const undone = transaction(db, async (client) => {
    await changeExperiment(client, { id, body: '{"status":"CANCELLED"}', owner: "ada" });
    throw new Error("undone");
  });
  await assert.rejects(undone, /undone/);
  assert.deepEqual(await told(), []);
  assert.deepEqual(
    (await db.query("select from graphile_worker.jobs where task_identifier = 'notify-test'")).rowCount,
    0,
  );
});

test("a group, dependants, a lost host: one each; and one queue job for the lot", async () => {
  const group = randomUUID();
  await createGroup(db, { id: group, name: "g", matrix: "{}", owner: "ada" });
  const members = await make(300, { group });
  const jobs = async () =>
    (await db.query("select from graphile_worker.jobs where task_identifier = 'notify-test'")).rowCount;
  assert.equal(await jobs(), 1);
  await place(members.slice(0, 10));
  await cancelGroup(db, group, "ada");
  const [first] = members;
  assert.deepEqual(await told(first), ["ENQUEUED all 0", "RUNNING all 1", "CANCELLED all 1"]);
  assert.equal((await told()).length, 300 + 10 + 300);
  assert.equal(await jobs(), 3);

  const [dependant] = await make(1, { after: [first ?? ""] });
  await cancelDependants(db, (await look(db)).doomed);
  assert.deepEqual(await told(dependant), ["ENQUEUED all 0", "CANCELLED all 0"]);

  const [lost = ""] = await make(1);
  await place([lost]);
  await db.query("update skeduler.heartbeats set seen_at = now() - interval '1 hour'");
  await db.query("update skeduler.watch set since = now() - interval '1 hour', seen_at = now()");
  assert.ok((await giveUpLostHosts(db, 60_000)).includes(lost));
  assert.deepEqual(await told(lost), ["ENQUEUED all 0", "RUNNING all 1", "CANCELLED all 1"]);
});

test("targets choose by status, owner and name; `notify` chooses among them, and [] is none", async () => {
  await register(
    target("ends", { statuses: ["CANCELLED"] }),
    target("of-ada", { owners: ["ada"] }),
    target("finetunes", { names: ["fine\\_%"] }),
    target("asked", { byDefault: false }),
  );
  const enqueued = async (making: Making): Promise<string[]> => {
    const [id = ""] = await make(1, making);
    await put(id, { status: "CANCELLED" });
    return (await told(id)).map((said) => said.replace(/ 0$/, "")).sort();
  };
  assert.deepEqual(await enqueued({}), ["CANCELLED ends", "CANCELLED of-ada", "ENQUEUED of-ada"]);
  assert.deepEqual(await enqueued({ owner: "bob" }), ["CANCELLED ends"]);
  assert.deepEqual(await enqueued({ owner: "bob", body: { name: "fine_tune" } }), [
    "CANCELLED ends",
    "CANCELLED finetunes",
    "ENQUEUED finetunes",
  ]);
  assert.deepEqual(await enqueued({ owner: "bob", body: { name: "finetune" } }), ["CANCELLED ends"]);
  assert.deepEqual(await enqueued({ body: { notify: [] } }), []);
  assert.deepEqual(await enqueued({ owner: "bob", body: { notify: ["asked", "of-ada", "finetunes"] } }), [
    "CANCELLED asked",
    "CANCELLED finetunes",
    "ENQUEUED asked",
    "ENQUEUED finetunes",
  ]);
});

test("a target that is not configured any more gets nothing, and what waited for it is given up", async () => {
  const [id = ""] = await make(1);
  await register(target("other"));
  await put(id, { status: "CANCELLED" });
  const { rows } = await db.query("select target, state, error from skeduler.notifications order by seq");
  assert.deepEqual(rows, [
    { target: "all", state: "failed", error: "The target is not configured any more." },
    { target: "other", state: "waiting", error: null },
  ]);
});
