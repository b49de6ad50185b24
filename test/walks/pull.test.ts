// Images from a real registry: pulled with and without a login, refused with a wrong one, given up in time, not asked for.

import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { connectEngine } from "../../runtime/docker/engine.ts";
import { login, publish, Registry } from "../support/registry.ts";
import { RunnerProcess } from "../support/runner-process.ts";
import { SilentRegistry } from "../support/silent-registry.ts";
import { System } from "../support/system.ts";

const { docker } = connectEngine(process.env["DOCKER_HOST"]);
let system: System;
let runner: RunnerProcess;
let open: Registry;
let closed: Registry;

before(async () => {
  system = await System.start();
  process.env["DOCKER_CONFIG"] = join(system.folder, "docker-config");
  mkdirSync(process.env["DOCKER_CONFIG"]);
  runner = await RunnerProcess.start(system, "puller");
  open = await Registry.start({ login: false });
  closed = await Registry.start({ login: true });
});
after(async () => {
  await runner.stop();
  await open[Symbol.asyncDispose]();
  await closed[Symbol.asyncDispose]();
  await system[Symbol.asyncDispose]();
});

/** What `docker login` would have left on this host. */
function logIn(password: string): string {
  const auth = Buffer.from(`${login.username}:${password}`).toString("base64");
  const file = join(process.env["DOCKER_CONFIG"] ?? "", "config.json");
  writeFileSync(file, JSON.stringify({ auths: { [closed.host]: { auth } } }));
  return auth;
}

test("an image is pulled, with progress in the log; the next time the registry is not asked", async () => {
  const reference = await publish(docker, open, "team/pulled");
  const { id } = await system.post({ image: reference, command: "echo ran" });
  assert.equal((await system.ended(id)).status, "FINISHED");
  const log = (await system.log(id)).toString();
  assert.ok(log.includes(`\n[skeduler] pulling ${reference}\n`), log);
  assert.match(log, /\n\[skeduler\] 1: Pulling from team\/pulled\n/);
  assert.ok(log.includes(`\n[skeduler] pulled ${reference}\n`), log);
  assert.equal((await system.log(id, "?stream=stdout")).toString(), "ran\n");
  await open[Symbol.asyncDispose]();
  const again = await system.post({ image: reference, command: "echo ran" });
  assert.equal((await system.ended(again.id)).status, "FINISHED");
  assert.doesNotMatch((await system.log(again.id)).toString(), /\[skeduler\] pull/);
  await docker.getImage(reference).remove();
});

test("a registry that wants a login: none and a wrong one are refused and no secret is told; the right one pulls", async () => {
  const reference = await publish(docker, closed, "team/secret");
  for (const password of [undefined, "a-wrong-passw0rd", login.password]) {
    const auth = password === undefined ? undefined : logIn(password);
    const { id } = await system.post({ image: reference, command: "true" });
    const done = await system.ended(id);
    if (password === login.password) assert.equal(done.status, "FINISHED", JSON.stringify(done.result));
    else {
      assert.deepEqual([done.status, done.result?.reason], ["CANCELLED", "image"]);
      assert.match(done.result?.message ?? "", /could not be pulled: 127\.0\.0\.1:\d+ .*docker login/);
    }
    const told = JSON.stringify(done) + (await system.log(id)).toString() + runner.said;
    for (const secret of [password, auth]) if (secret !== undefined) assert.ok(!told.includes(secret), told);
  }
  await docker.getImage(reference).remove();
});

test("an image that the registry does not have is told as missing", async () => {
  logIn(login.password);
  const { id } = await system.post({ image: `${closed.host}/team/none:1`, command: "true" });
  const done = await system.ended(id);
  assert.equal(done.result?.reason, "image");
  assert.match(done.result.message, /^There is no image 127\.0\.0\.1:\d+\/team\/none:1: /);
});

test("a pull that hangs is given up at its time limit", async () => {
  await using silent = await SilentRegistry.start();
  await using hasty = await System.start();
  await hasty.addRunner("hasty", { SKEDULER_RUNNER_PULL_TIMEOUT: "1s" });
  const { id } = await hasty.post({ image: `127.0.0.1:${silent.port}/hangs:1`, command: "true" });
  const done = await hasty.ended(id);
  assert.deepEqual([done.status, done.result?.reason], ["CANCELLED", "image"]);
  assert.match(done.result?.message ?? "", /1 ?s/);
});
