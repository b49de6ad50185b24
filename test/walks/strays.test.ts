// Containers of ours that no attempt has any more, and an Engine that cannot remove or stop one of them: the others go all the
// same, and the host comes into service as soon as none of them runs.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type Docker from "dockerode";
import { connectEngine } from "../../runtime/docker/engine.ts";
import { RefusingProxy } from "../support/refusing-proxy.ts";
import { System, image } from "../support/system.ts";

const { docker } = connectEngine();
let system: System;
let engine: RefusingProxy;
let refused: RegExp | undefined;
before(async () => {
  engine = await RefusingProxy.start((request) => refused?.test(request) === true);
  system = await System.start();
  await system.addRunner("swept", { SKEDULER_DOCKER_HOST: engine.host });
});
after(async () => {
  await system[Symbol.asyncDispose]();
  await engine[Symbol.asyncDispose]();
});

async function runs(): ReturnType<System["ended"]> {
  const { id } = await system.postScript("true");
  return system.ended(id);
}

/** Attempts that have been closed. */
async function closed(): Promise<[string, string]> {
  const both = [await runs(), await runs()].map(({ attempt }) => attempt?.id ?? "");
  return both as [string, string];
}

async function stray(
  attempt: string,
  command: readonly string[],
  name = `skeduler-${attempt}`,
): Promise<Docker.Container> {
  const { rows } = await system.query("select id::text as id from skeduler.installation");
  const labels = { installation: String(rows[0]?.["id"]), host: "swept", attempt };
  const container = await docker.createContainer({
    name,
    Image: image,
    Cmd: [...command],
    Labels: Object.fromEntries(Object.entries(labels).map(([name, value]) => [`skeduler.${name}`, value])),
  });
  await container.start();
  return container;
}

/** The host's runner starts anew, and has looked once at what is there. */
async function restart(): Promise<void> {
  await system.addRunner("swept", { SKEDULER_DOCKER_HOST: engine.host, SKEDULER_RUNNER_STOP_GRACE: "1s" });
}

async function isClean(): Promise<unknown> {
  const { rows } = await system.query("select clean from skeduler.hosts where name = 'swept'");
  return rows[0]?.["clean"];
}

test("one that has ended and cannot be removed: the next one is, and the host is in service", async () => {
  const [one, another] = await closed();
  await system.runners.pop()?.close();
  const older = await stray(one, ["true"]);
  const newer = await stray(another, ["true"]); // Docker lists the newest first
  await Promise.all([older.wait(), newer.wait()]);
  refused = new RegExp(`^DELETE \\S*/containers/${newer.id}`);
  await restart();
  assert.equal(await isClean(), true);
  await assert.rejects(older.inspect(), /no such container/i);
  assert.equal((await newer.inspect()).State.Status, "exited");
  await newer.remove({ force: true });
});

test("one that runs and cannot be stopped: the next one goes, but nothing is taken before it has ended", async () => {
  const [one, another] = await closed();
  await system.runners.pop()?.close();
  const older = await stray(one, ["true"]);
  const newer = await stray(another, ["sleep", "600"]);
  await older.wait();
  refused = new RegExp(`^(POST|DELETE) \\S*/containers/${newer.id}`);
  await restart();
  assert.equal(await isClean(), false);
  await assert.rejects(older.inspect(), /no such container/i);
  refused = undefined;
  assert.equal((await runs()).status, "FINISHED");
  await assert.rejects(newer.inspect(), /no such container/i);
});

test("one with our labels and another's name, as of an image that was made of ours, is not ours", async () => {
  const [one, another] = await closed();
  await system.runners.pop()?.close();
  const ours = await stray(one, ["sleep", "600"]);
  const theirs = await stray(another, ["sleep", "600"], `mine-${another}`);
  await restart();
  await assert.rejects(ours.inspect(), /no such container/i);
  assert.equal((await theirs.inspect()).State.Running, true);
  await theirs.remove({ force: true });
});
