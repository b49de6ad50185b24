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
/** An attempt that has been closed. */
let closed: string;
before(async () => {
  engine = await RefusingProxy.start((request) => refused?.test(request) === true);
  system = await System.start();
  await system.addRunner("swept", { SKEDULER_DOCKER_HOST: engine.host });
  closed = (await runs()).attempt?.id ?? "";
});
after(async () => {
  await system[Symbol.asyncDispose]();
  await engine[Symbol.asyncDispose]();
});

async function runs(): ReturnType<System["ended"]> {
  const { id } = await system.postScript("true");
  return system.ended(id);
}

async function stray(...command: string[]): Promise<Docker.Container> {
  const { rows } = await system.query("select id::text as id from skeduler.installation");
  const labels = { installation: String(rows[0]?.["id"]), host: "swept", attempt: closed };
  const container = await docker.createContainer({
    Image: image,
    Cmd: command,
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
  await system.runners.pop()?.close();
  const older = await stray("true");
  const newer = await stray("true"); // Docker lists the newest first
  await Promise.all([older.wait(), newer.wait()]);
  refused = new RegExp(`^DELETE \\S*/containers/${newer.id}`);
  await restart();
  assert.equal(await isClean(), true);
  await assert.rejects(older.inspect(), /no such container/i);
  assert.equal((await newer.inspect()).State.Status, "exited");
  await newer.remove({ force: true });
});

test("one that runs and cannot be stopped: the next one goes, but nothing is taken before it has ended", async () => {
  await system.runners.pop()?.close();
  const older = await stray("true");
  const newer = await stray("sleep", "600");
  await older.wait();
  refused = new RegExp(`^(POST|DELETE) \\S*/containers/${newer.id}`);
  await restart();
  assert.equal(await isClean(), false);
  await assert.rejects(older.inspect(), /no such container/i);
  refused = undefined;
  assert.equal((await runs()).status, "FINISHED");
  await assert.rejects(newer.inspect(), /no such container/i);
});
