// Cancelling at every moment, and what is enqueued again while the container still dies.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { connectEngine } from "../../runtime/docker/engine.ts";
import { System } from "../support/system.ts";
import { SilentRegistry } from "../support/silent-registry.ts";

let system: System;
before(async () => {
  system = await System.start();
  await system.addRunner("canceller", { SKEDULER_RUNNER_STOP_GRACE: "2s", SKEDULER_RUNNER_SLOTS: "2" });
});
after(async () => system[Symbol.asyncDispose]());

const cancel = async (id: string) => system.put(id, { status: "CANCELLED" });

test("cancelled while waiting: it never starts", async () => {
  await using quiet = await System.start(); // no runner: everything waits
  const { id } = await quiet.postScript("echo never");
  const cancelled = await quiet.put(id, { status: "CANCELLED" });
  assert.equal(cancelled.status, "CANCELLED");
  assert.equal(cancelled.result?.reason, "user");
  assert.equal(cancelled.attempt, null);
  await quiet.addRunner("late");
  const next = await quiet.postScript("true");
  await quiet.ended(next.id);
  assert.equal((await quiet.get(id)).attempt, null);
});

test("cancelled while pulling: the pull is given up", async () => {
  await using registry = await SilentRegistry.start();
  const { id } = await system.post({ image: `127.0.0.1:${registry.port}/some/image:tag`, command: "true" });
  await registry.asked;
  await cancel(id);
  const done = await system.ended(id);
  assert.equal(done.status, "CANCELLED");
  assert.equal(done.result?.reason, "user");
  assert.equal(done.attempt?.started_at, null);
});

test("cancelled while running: SIGTERM, and what it prints in its grace is in the log", async () => {
  const { id } = await system.postScript("trap 'echo last words; exit 7' TERM; echo up; while :; do sleep 0.1; done");
  await system.logged(id, "up\n");
  assert.equal((await cancel(id)).status, "CANCELLED");
  const done = await system.ended(id);
  assert.equal(done.result?.reason, "user");
  assert.equal(done.attempt?.result?.exit_code, 7);
  assert.equal((await system.log(id, "?stream=stdout")).toString(), "up\nlast words\n");
});

test("a container that ignores SIGTERM is killed after the grace", async () => {
  const { id } = await system.postScript("trap '' TERM; echo up; while :; do sleep 0.1; done");
  await system.logged(id, "up\n");
  await cancel(id);
  const done = await system.ended(id);
  assert.equal(done.status, "CANCELLED");
  assert.equal(done.attempt?.result?.exit_code, 137);
});

test("cancelled and enqueued again within the grace: the next attempt waits for the end of the last", async () => {
  const script =
    "trap 'sleep 1; echo first ended; exit 0' TERM; echo attempt $SKEDULER_ATTEMPT; [ $SKEDULER_ATTEMPT = 2 ] || while :; do sleep 0.1; done";
  const { id } = await system.postScript(script);
  await system.logged(id, "attempt 1\n");
  await cancel(id);
  assert.equal((await system.put(id, { status: "ENQUEUED" })).status, "ENQUEUED");
  const done = await system.until(id, (e) => e.status === "FINISHED");
  assert.equal(done.attempt?.number, 2);
  assert.equal((await system.log(id, "?stream=stdout&attempt=1")).toString(), "attempt 1\nfirst ended\n");
  const { rows } = await system.query(
    "select a.closed_at <= b.placed_at as after from skeduler.attempts a, skeduler.attempts b where a.experiment_id = $1 and b.experiment_id = $1 and a.number = 1 and b.number = 2",
    [id],
  );
  assert.deepEqual(rows, [{ after: true }]);
});

test("cancelling what has ended is refused with what is possible", async () => {
  const { id } = await system.postScript("true");
  await system.ended(id);
  const response = await system.fetch(`/experiments/${id}`, { method: "PUT", body: '{"status":"CANCELLED"}' });
  assert.equal(response.status, 409);
  assert.deepEqual(await response.json(), {
    error: "An experiment that is FINISHED cannot become CANCELLED; possible is ENQUEUED.",
    code: "conflict",
  });
});

test("no container of an ended attempt is left", async () => {
  const { id } = await system.postScript("true");
  const done = await system.ended(id);
  // Removal comes after the report: the next attempt's report on the same host is later than both.
  await system.runners[0]?.close();
  system.runners.length = 0;
  const { docker } = connectEngine();
  const left = await docker.listContainers({
    all: true,
    filters: { label: [`skeduler.attempt=${done.attempt?.id ?? ""}`] },
  });
  assert.deepEqual(
    left.map((container) => container.Id),
    [],
  );
});
