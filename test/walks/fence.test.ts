// fence_after: a host that is cut off stops its own containers before what ran there is run elsewhere.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { containerName } from "../../runtime/docker/container-options.ts";
import { connectEngine } from "../../runtime/docker/engine.ts";
import { createLog } from "../../runtime/log.ts";
import { startRunner } from "../../runtime/runner/start.ts";
import { CutProxy } from "../support/cut-proxy.ts";
import { System } from "../support/system.ts";

const { docker } = connectEngine(process.env["DOCKER_HOST"]);
let system: System;
let proxy: CutProxy;
before(async () => {
  system = await System.start({ SKEDULER_HOSTS_LOST_AFTER: "30s" });
  proxy = await CutProxy.start(system.database);
});
after(async () => {
  await system[Symbol.asyncDispose]();
  await proxy[Symbol.asyncDispose]();
});

test("cut off, its container is stopped; then, and not before, it runs elsewhere; and the host comes back clean", async () => {
  const through = new URL(system.database);
  through.host = `127.0.0.1:${proxy.port}`;
  const config = system.config({
    SKEDULER_RUNNER_NAME: "cut",
    SKEDULER_RUNNER_FENCE_AFTER: "10s",
    SKEDULER_RUNNER_STOP_GRACE: "1s",
  });
  system.runners.push(await startRunner({ config, database: through.href, version: "test", log: createLog("error") }));
  const { id } = await system.postScript("trap 'echo bye; exit 0' TERM; echo up; sleep 600 & wait", {
    resources: { gpus: 0, host: ["cut", "other"] },
    retries: { count: 1, on: ["host_lost"], backoff: "0" },
  });
  await system.logged(id, "up");
  await system.addRunner("other", { SKEDULER_RUNNER_STOP_GRACE: "1s" });
  const first = docker.getContainer(containerName((await system.get(id)).attempt?.id ?? ""));
  proxy.cut();
  await first.wait();
  const { State: stopped } = await first.inspect();
  const second = await system.until(id, (e) => e.attempt?.number === 2 && e.attempt.started_at !== null);
  assert.equal(second.attempt?.host, "other");
  assert.ok(Date.parse(stopped.FinishedAt) <= Date.parse(second.attempt.started_at ?? ""), "they overlapped");
  proxy.mend();
  await system.put(id, { status: "CANCELLED" });
  await system.ended(id);
  const quick = await system.postScript("echo again", { resources: { gpus: 0, host: "cut" } });
  assert.equal((await system.ended(quick.id)).status, "FINISHED");
  await assert.rejects(first.inspect(), /no such container/i);
});

test("cut off for a moment only, past the fence but not given up: it ends with host_lost, its log whole", async () => {
  const { id } = await system.postScript("trap 'echo bye; exit 0' TERM; echo up; sleep 600 & wait", {
    resources: { gpus: 0, host: "cut" },
  });
  await system.logged(id, "up");
  const container = docker.getContainer(containerName((await system.get(id)).attempt?.id ?? ""));
  proxy.cut();
  await container.wait();
  proxy.mend();
  const { status, result } = await system.ended(id);
  assert.deepEqual([status, result?.reason, result?.exit_code], ["CANCELLED", "host_lost", 0]);
  assert.match(result?.message ?? "", /^Stopped by its own host, which was cut off from the database; /);
  assert.equal((await system.log(id, "?stream=stdout")).toString(), "up\nbye\n");
});
