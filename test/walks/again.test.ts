// Retries by cause, experiments after others, and arrays: all or none.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { image, System, type Experiment } from "../support/system.ts";

let system: System;
before(async () => {
  system = await System.start();
  await system.addRunner("again", { SKEDULER_RUNNER_STOP_GRACE: "1s" });
});
after(async () => system[Symbol.asyncDispose]());

async function postAll(body: object[]): Promise<{ status: number; all: Experiment[]; error: string }> {
  const response = await system.fetch("/experiments", { method: "POST", body: JSON.stringify(body) });
  const answer = (await response.json()) as Experiment[] & { error: string };
  return { status: response.status, all: answer, error: answer.error };
}

const script = (text: string): { image: string; command: string } => ({ image, command: `sh -c '${text}'` });

test("an exit that it asked to retry is tried again, each attempt with its own log, until it is well", async () => {
  const { id, retries } = await system.postScript("echo try $SKEDULER_ATTEMPT; test $SKEDULER_ATTEMPT = 3", {
    retries: { count: 5, on: ["exited"], backoff: "0s" },
  });
  assert.deepEqual(retries, { count: 5, on: ["exited"], backoff: "0s" });
  const tail = await (await system.fetch(`/logs/${id}/tail?stream=stdout`)).text();
  assert.equal(tail, "try 1\ntry 2\ntry 3\n");
  const { status, result, attempt, retried } = await system.ended(id);
  assert.deepEqual([status, result?.exit_code, attempt?.number, retried], ["FINISHED", 0, 3, 2]);
  assert.equal((await system.log(id, "?attempt=2&stream=stdout")).toString(), "try 2\n");
  assert.match((await system.log(id, "?attempt=1")).toString(), /\[skeduler\] retry 1 of 5 in 0 s\n$/);
});

test("the tail of one attempt ends with it, though the experiment waits for its next", async () => {
  const { id } = await system.postScript("echo once; exit 4", {
    retries: { count: 1, on: ["exited"], backoff: "1h" },
  });
  await system.until(id, ({ attempt }) => (attempt?.closed_at ?? null) !== null);
  const tail = await (await system.fetch(`/logs/${id}/tail?attempt=1&stream=stdout`)).text();
  assert.equal(tail, "once\n");
  assert.equal((await system.put(id, { status: "CANCELLED" })).status, "CANCELLED");
});

test("the count is the last word, a cause that was not asked for ends it, and enqueued anew it counts from 0", async () => {
  const two = await system.postScript("exit 4", { retries: { count: 1, on: ["exited"], backoff: "0s" } });
  const once = await system.postScript("exit 4", { retries: 3 });
  const [first, other] = [await system.ended(two.id), await system.ended(once.id)];
  assert.deepEqual([first.status, first.result?.exit_code, first.attempt?.number], ["FINISHED", 4, 2]);
  assert.deepEqual(
    [other.attempt?.number, other.retries],
    [1, { count: 3, on: ["host_lost", "engine", "image"], backoff: "10s" }],
  );
  await system.put(two.id, { status: "ENQUEUED" });
  const again = await system.until(two.id, (e) => e.status === "FINISHED" && e.attempt?.closed_at != null);
  assert.deepEqual([again.attempt?.number, again.retried], [4, 1]);
});

test("while it waits for its next try it can be cancelled, and says why it waits", async () => {
  const { id } = await system.postScript("exit 1", { retries: { count: 1, on: ["exited"], backoff: "1h" } });
  const waiting = await system.until(id, (e) => e.retried === 1);
  assert.deepEqual([waiting.status, waiting.host, waiting.result], ["ENQUEUED", null, null]);
  const why = (await (await system.fetch(`/experiments/${id}/placement`)).json()) as { message: string };
  assert.match(why.message, /^It is tried again at \d\d:\d\d:\d\d UTC\.$/);
  assert.equal((await system.put(id, { status: "CANCELLED" })).status, "CANCELLED");
});

test("what comes after others starts when all have finished well, by id or by name, in one array or later", async () => {
  const { all } = await postAll([
    { name: "prepare", docker: script("sleep 0.3; echo prepared") },
    { name: "train", docker: script("echo trained"), after: ["prepare"] },
  ]);
  const [prepare, train] = all;
  assert.ok(prepare && train);
  assert.deepEqual(train.after, [prepare.id]);
  const evaluate = await system.postScript("true", { after: [train.id, "prepare"] });
  const why = (await (await system.fetch(`/experiments/${evaluate.id}/placement`)).json()) as { message: string };
  assert.equal(why.message, "It comes after prepare, train.");
  const [a, b, c] = await Promise.all([prepare.id, train.id, evaluate.id].map(async (id) => system.ended(id)));
  assert.deepEqual([a?.status, b?.status, c?.status], ["FINISHED", "FINISHED", "FINISHED"]);
  assert.ok((a?.ended_at ?? "") <= (b?.started_at ?? "") && (b?.ended_at ?? "") <= (c?.started_at ?? ""));
});

test("a failed one cancels its dependants, and theirs, with the reason", async () => {
  const long = "needs-broken-".repeat(1000);
  const { all } = await postAll([
    { name: "broken", docker: script("exit 2") },
    { name: long, docker: script("true"), after: ["broken"] },
    { name: "needs-that", docker: script("true"), after: [long] },
  ]);
  const ends = await Promise.all(all.slice(1).map(async ({ id }) => system.ended(id)));
  for (const { status, result, attempt } of ends)
    assert.deepEqual([status, result?.reason, attempt], ["CANCELLED", "dependency", null]);
  assert.equal(
    ends[0]?.result?.message,
    'Never started: "broken", which it comes after, did not finish with exit code 0.',
  );
  assert.equal(
    ends[1]?.result?.message,
    `Never started: "${long.slice(0, 199)}…", which it comes after, did not finish with exit code 0.`,
  );
});

test("an array is created whole or not at all, in its order, digit for digit", async () => {
  const raw = `[{"name":"one","docker":{"image":"${image}"},"metadata":{"z":12345678901234567890,"a":1.0}},
                {"name":"two","docker":{"image":"${image}","command":"true"}}]`;
  const response = await system.fetch("/experiments", { method: "POST", body: raw });
  const text = await response.text();
  assert.match(text, /"metadata" : \{"z":12345678901234567890,"a":1\.0\}/);
  const both = JSON.parse(text) as Experiment[];
  assert.deepEqual(
    both.map((one) => one.name),
    ["one", "two"],
  );
  for (const { id } of both) {
    const { status } = await system.get(id);
    if (status === "ENQUEUED" || status === "RUNNING")
      await system.put(id, { status: "CANCELLED" }).catch(() => undefined);
    await system.ended(id);
  }
  const count = async (): Promise<unknown> => (await system.query("select count(*) from jobs")).rows[0];
  const before = await count();
  const bad = await postAll([
    { name: "fine", docker: { image } },
    { name: "", docker: { image } },
  ]);
  assert.equal(bad.status, 400);
  assert.match(bad.error, /1\.name: a name is needed/);
  const unknown = await postAll([{ name: "fine", docker: { image }, after: ["no-such-thing"] }]);
  assert.equal(unknown.status, 400);
  assert.match(unknown.error, /^0\.after\.0: there is no experiment with the id or name "no-such-thing"/);
  const nobody = await postAll([{ name: "fine", docker: { image }, notify: ["nobody"] }]);
  assert.equal(nobody.status, 400);
  assert.match(nobody.error, /^0\.notify\.0: there is no target "nobody"/);
  assert.equal((await postAll([])).status, 400);
  assert.deepEqual(await count(), before);
});
