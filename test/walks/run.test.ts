// Submit to finished, and each way to end, on the real parts.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { System } from "../support/system.ts";

let system: System;
before(async () => {
  system = await System.start();
  await system.addRunner("walker");
});
after(async () => system[Symbol.asyncDispose]());

test("an experiment is posted, runs, and its log, times and result are kept", async () => {
  const posted = await system.postScript("echo out; echo err >&2", { metadata: { a: [1, 2] } });
  assert.equal(posted.status, "ENQUEUED");
  const done = await system.ended(posted.id);
  assert.equal(done.status, "FINISHED");
  assert.deepEqual(done.result, {
    reason: "exited",
    exit_code: 0,
    signal: null,
    message: "Finished with exit code 0.",
  });
  assert.equal((await system.log(posted.id, "?stream=stdout")).toString(), "out\n");
  assert.equal((await system.log(posted.id, "?stream=stderr")).toString(), "err\n");
  const all = (await system.log(posted.id)).toString();
  assert.match(all, /^\[skeduler\] attempt 1 on host walker\n\[skeduler\] starting .*\n/);
  assert.match(all, /\n\[skeduler\] Finished with exit code 0\.\n$/);
  assert.deepEqual(done.metadata, { a: [1, 2] });
});

test("the container gets the experiment's environment and Skeduler's", async () => {
  const { id } = await system.post(
    { command: "env", environment: { TESTING: 123456789, ON: true, WORD: "a b" } },
    { name: "envy" },
  );
  await system.ended(id);
  const lines = (await system.log(id, "?stream=stdout")).toString().split("\n");
  for (const line of [
    "TESTING=123456789",
    "ON=true",
    "WORD=a b",
    `SKEDULER_ID=${id}`,
    "SKEDULER_NAME=envy",
    "SKEDULER_ATTEMPT=1",
    "SKEDULER_GPUS=",
    "NVIDIA_VISIBLE_DEVICES=void",
    "PYTHONUNBUFFERED=1",
  ]) {
    assert.ok(lines.includes(line), `${line} is missing in ${lines.join(" ")}`);
  }
});

test("the command is split as a shell does, and nothing is expanded", async () => {
  const { id } = await system.post({ command: `printf '%s|' "two words" plain $HOME 'single "quoted"' back\\ slash` });
  await system.ended(id);
  assert.equal(
    (await system.log(id, "?stream=stdout")).toString(),
    'two words|plain|$HOME|single "quoted"|back slash|',
  );
});

test("exit 3 is FINISHED with its code", async () => {
  const { id } = await system.postScript("exit 3");
  const done = await system.ended(id);
  assert.equal(done.status, "FINISHED");
  assert.deepEqual(done.result, { reason: "exited", exit_code: 3, signal: null, message: "Ended with exit code 3." });
});

test("killed by a signal says which", async () => {
  const { id } = await system.postScript('sh -c "kill -SEGV \\$\\$"; exit $?');
  const done = await system.ended(id);
  assert.equal(done.result?.signal, "SIGSEGV");
});

test("out of memory says so and names the limit", async () => {
  const { id } = await system.postScript('exec awk "BEGIN { s = \\"0123456789\\"; while (1) s = s s }"', {
    resources: { memory: "20MiB" },
  });
  const done = await system.ended(id);
  assert.equal(done.result?.reason, "oom");
  assert.match(done.result.message, /20MiB/);
});

test("a command that does not exist is no run at all", async () => {
  const { id } = await system.post({ command: "no-such-program" });
  const done = await system.ended(id);
  assert.equal(done.status, "CANCELLED");
  assert.equal(done.result?.reason, "command");
  assert.match(done.result.message, /no-such-program/);
});

test("an image that does not exist is no run at all, and the log says so", async () => {
  const { id } = await system.post({ image: "127.0.0.1:1/nobody/nothing:none", command: "true" });
  const done = await system.ended(id);
  assert.equal(done.status, "CANCELLED");
  assert.equal(done.result?.reason, "image");
  assert.match((await system.log(id)).toString(), /\[skeduler\] pulling 127\.0\.0\.1:1\/nobody\/nothing:none\n/);
});

test("an ended experiment enqueued again runs as a new attempt with a log of its own", async () => {
  const { id } = await system.postScript("echo attempt $SKEDULER_ATTEMPT");
  await system.ended(id);
  const again = await system.put(id, { status: "ENQUEUED" });
  assert.equal(again.status, "ENQUEUED");
  assert.equal(again.result, null);
  const done = await system.until(id, (e) => e.status === "FINISHED");
  assert.equal(done.attempt?.number, 2);
  assert.equal((await system.log(id, "?stream=stdout")).toString(), "attempt 2\n");
  assert.equal((await system.log(id, "?stream=stdout&attempt=1")).toString(), "attempt 1\n");
});
