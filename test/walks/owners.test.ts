// Several owners on one host: quotas of what waits and what runs, fair share, and why each waits.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { image, System, token, type Experiment } from "../support/system.ts";

let system: System;
before(async () => {
  system = await System.start();
});
after(async () => system[Symbol.asyncDispose]());

const tokens = JSON.stringify([
  { name: "tester", token },
  ...["ada", "bo"].map((name) => ({ name, token: `token-of-${name}` })),
]);

async function as(
  owner: string,
  url: string,
  body: object,
  path = "/experiments",
): Promise<{ status: number; body: Experiment & { error: string; message: string } }> {
  const init = { method: "POST", headers: { Authorization: `token-of-${owner}` }, body: JSON.stringify(body) };
  const response = await system.fetch(path, init, url);
  return { status: response.status, body: (await response.json()) as Experiment & { error: string; message: string } };
}

const waits = (more: object = {}): object => ({
  name: "q",
  docker: { image },
  resources: { host: "nowhere" },
  ...more,
});

test("more waiting than the quota is refused with 429, however they come, and nothing of it is created", async () => {
  const owners = JSON.stringify([{ name: "bo", waiting: 40 }]);
  const { url } = await system.addApi({
    SKEDULER_TOKENS: tokens,
    SKEDULER_QUOTAS_WAITING: "10",
    SKEDULER_QUOTAS_OWNERS: owners,
  });
  const many = await Promise.all(Array.from({ length: 30 }, async () => as("ada", url, waits())));
  assert.deepEqual(
    [200, 429].map((status) => many.filter((one) => one.status === status).length),
    [10, 20],
  );
  assert.equal(
    (await as("bo", url, waits({ docker: { image, command: "true {{n}}" }, matrix: { n: [...Array(40).keys()] } })))
      .status,
    200,
  );
  const { status, body } = await as("bo", url, waits());
  assert.deepEqual(
    [status, body.error],
    [
      429,
      "bo may have 40 experiments waiting and has 40: one more is too many. Wait for some to start, or cancel some.",
    ],
  );
  assert.equal((await as("ada", url, [waits(), waits()])).status, 429);
  const count = await system.query("select owner, count(*)::int as n from jobs group by owner order by owner");
  assert.deepEqual(count.rows, [
    { owner: "ada", n: 10 },
    { owner: "bo", n: 40 },
  ]);
  await system.query("update jobs set status = 'CANCELLED' where status = 'ENQUEUED'");
  assert.equal((await as("ada", url, waits())).status, 200);
  await system.query("update jobs set status = 'CANCELLED' where status = 'ENQUEUED'");
});

test("enqueueing again is held to the owner's quota, whoever asks and however many at once; nothing else is", async () => {
  const owners = JSON.stringify([{ name: "tester", waiting: "unlimited" }]);
  const { url } = await system.addApi({
    SKEDULER_TOKENS: tokens,
    SKEDULER_QUOTAS_WAITING: "5",
    SKEDULER_QUOTAS_OWNERS: owners,
  });
  const put = async (id: string, change: object): Promise<{ status: number; code?: string; error?: string }> => {
    const response = await system.fetch(`/experiments/${id}`, { method: "PUT", body: JSON.stringify(change) }, url);
    const { code, error } = (await response.json()) as { code: string; error: string };
    return { status: response.status, code, error };
  };
  const ids: string[] = [];
  for (let n = 0; n < 12; n += 1) {
    const { body } = await as("ada", url, waits());
    ids.push(body.id);
    await put(body.id, { status: "CANCELLED" });
  }
  const answers = await Promise.all(ids.map(async (id) => put(id, { status: "ENQUEUED" })));
  assert.deepEqual(
    [200, 429].map((status) => answers.filter((one) => one.status === status).length),
    [5, 7],
  );
  const { rows } = await system.query("select status::text as status from jobs where id = any($1) order by seq", [ids]);
  assert.deepEqual(
    rows.map(({ status }) => status),
    answers.map(({ status }) => (status === 200 ? "ENQUEUED" : "CANCELLED")),
  );
  const refused = answers.findIndex(({ status }) => status === 429);
  assert.deepEqual(answers[refused], {
    status: 429,
    code: "quota",
    error:
      "ada may have 5 experiments waiting and has 5: one more is too many. Wait for some to start, or cancel some.",
  });
  const waiting = ids[answers.findIndex(({ status }) => status === 200)] ?? "";
  assert.equal((await put(waiting, { status: "ENQUEUED", name: "renamed" })).status, 200);
  assert.equal((await put(waiting, { status: "CANCELLED" })).status, 200);
  assert.equal((await put(ids[refused] ?? "", { status: "ENQUEUED" })).status, 200);
  await system.query("update jobs set status = 'CANCELLED' where status = 'ENQUEUED'");
});

test("GPUs beyond an owner's quota wait and say so, and hold up nobody", async () => {
  await using own = await System.start({ SKEDULER_TOKENS: tokens, SKEDULER_QUOTAS_GPUS: "2" });
  process.env["STUB_GPUS"] = [0, 1, 2, 3].map((n) => `${n}, GPU-q-${n}, NVIDIA A100-SXM4-40GB, 40960`).join("\n");
  await own.addRunner("quota", { SKEDULER_RUNNER_SLOTS: "8", SKEDULER_RUNNER_STOP_GRACE: "1s" });
  const send = async (owner: string, command: string, gpus: number): Promise<string> =>
    (await as(owner, own.url, { name: "g", docker: { image, command }, resources: { gpus } })).body.id;
  const held = await send("ada", "sleep 600", 2);
  const more = await send("ada", "true", 1);
  const other = await send("bo", "true", 2);
  const cpu = await send("ada", "true", 0);
  assert.equal((await own.ended(other)).status, "FINISHED");
  assert.equal((await own.ended(cpu)).status, "FINISHED");
  const { message } = (await (await own.fetch(`/experiments/${more}/placement`)).json()) as { message: string };
  assert.equal(message, "It waits for its owner's quota: needs 1 of the GPUs of ada, who holds 2 and may hold 2.");
  await own.put(held, { status: "CANCELLED" });
  await own.ended(held);
  assert.equal((await own.ended(more)).status, "FINISHED");
});

test("fair share: who has run less goes before who came first", async () => {
  await using own = await System.start({ SKEDULER_TOKENS: tokens, SKEDULER_SCHEDULER_FAIR_SHARE_HALF_LIFE: "24h" });
  const send = async (owner: string, command = "true"): Promise<string> =>
    (await as(owner, own.url, { name: "f", docker: { image, command }, resources: { gpus: 0 } })).body.id;
  const ids: Record<string, string> = {};
  for (const name of ["a1", "a2", "a3", "b1"]) ids[name] = await send(name.startsWith("a") ? "ada" : "bo");
  await own.addRunner("fair", { SKEDULER_RUNNER_SLOTS: "1" });
  const starts = await Promise.all(
    Object.entries(ids).map(async ([name, id]) => ({ name, at: (await own.ended(id)).attempt?.started_at ?? "" })),
  );
  const inTurn = starts.toSorted((one, other) => (one.at < other.at ? -1 : 1)).map((one) => one.name);
  assert.deepEqual(inTurn, ["a1", "b1", "a2", "a3"]);
  const used = await own.query("select owner, gpu_hours > 0 as used from skeduler.usage order by owner");
  assert.deepEqual(used.rows, [
    { owner: "ada", used: true },
    { owner: "bo", used: true },
  ]);
});
