// A refusal of the Engine counts when it is repeated; what is the command's fault counts at once; a stop is asked for until it is done.

import assert from "node:assert/strict";
import { uptime } from "node:os";
import { test } from "node:test";
import { BadCommand } from "../../runtime/docker/containers.ts";
import { connectEngine, EngineFailure } from "../../runtime/docker/engine.ts";
import { insisting, knownEnd, persisting } from "../../runtime/runner/engine-trouble.ts";
import { OutputFailure } from "../../runtime/runner/output-folder.ts";

/** Work that fails with these errors, one each time, and then succeeds. */
function failing(...errors: Error[]): { work: () => Promise<string>; calls: () => number } {
  let calls = 0;
  const work = async (): Promise<string> => {
    const error = errors[calls++];
    return error === undefined ? Promise.resolve("done") : Promise.reject(error);
  };
  return { work, calls: () => calls };
}

async function outcome(work: () => Promise<string>): Promise<unknown> {
  return insisting(work, new AbortController().signal, 1).catch((error: unknown) => error);
}

const refusal = new EngineFailure("the Engine is shutting down");

test("refused twice and then done", async () => {
  const { work, calls } = failing(refusal, refusal);
  assert.deepEqual([await outcome(work), calls()], ["done", 3]);
});

test("refused three times: that counts", async () => {
  const { work, calls } = failing(refusal, refusal, refusal);
  assert.deepEqual([await outcome(work), calls()], [refusal, 3]);
});

test("an output folder that could not be made is tried again too", async () => {
  const { work, calls } = failing(new OutputFailure("stale file handle"));
  assert.deepEqual([await outcome(work), calls()], ["done", 2]);
});

test("what the Engine is not to blame for is not asked again", async () => {
  const fault = new BadCommand("no such program");
  const { work, calls } = failing(fault);
  assert.deepEqual([await outcome(work), calls()], [fault, 1]);
});

const asking = (work: () => Promise<unknown>) => async (): Promise<void> => {
  await work();
};

test("what must come about is asked for until it is done, each failure told", async () => {
  const { work, calls } = failing(refusal, new Error("connection reset"));
  const told: unknown[] = [];
  await persisting(asking(work), new AbortController().signal, (error) => told.push(error), 1);
  assert.deepEqual([calls(), told.length], [3, 2]);
});

test("what nobody needs any more is not asked for again, and its pause ends", async () => {
  const over = new AbortController();
  const { work, calls } = failing(refusal);
  await persisting(asking(work), over.signal, () => over.abort(), 3_600_000);
  assert.equal(calls(), 1);
});

test("what ran before the machine was started did not end well after that, whatever Docker says", async () => {
  const engine = { ...connectEngine(process.env["DOCKER_HOST"]), address: "unix:///var/run/docker.sock" };
  const booted = Date.now() - uptime() * 1000;
  const startedAt = new Date(booted - 60_000);
  const end = { id: "c0", running: false, pid: undefined, startedAt, oomKilled: false, error: "" };
  const said = { ...end, finishedAt: new Date(booted + 20_000), exitCode: 0 };
  const known = await knownEnd(engine, said, undefined);
  assert.equal(known.exitCode, 255);
  assert.ok(known.finishedAt && Math.abs(known.finishedAt.getTime() - booted) < 5_000);
  for (const { asked, by } of [
    { asked: { ...said, exitCode: 3 }, by: engine },
    { asked: { ...said, finishedAt: new Date(booted - 1_000) }, by: engine },
    { asked: { ...said, startedAt: new Date(booted + 10_000) }, by: engine },
    { asked: said, by: { ...engine, address: "tcp://gpu-7:2375" } },
  ])
    assert.equal(await knownEnd(by, asked, undefined), asked);
});
