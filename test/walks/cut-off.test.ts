// A host whose Engine or database is cut off by a proxy in front of the real one: what it takes then, and what it does
// with what runs there.

import assert from "node:assert/strict";
import { test } from "node:test";
import Docker from "dockerode";
import { z } from "zod";
import { createPool } from "../../runtime/database/pool.ts";
import { giveUpLostHosts } from "../../runtime/database/statements/hosts.ts";
import { connectEngine } from "../../runtime/docker/engine.ts";
import { createLog } from "../../runtime/log.ts";
import { CutProxy } from "../support/cut-proxy.ts";
import { System } from "../support/system.ts";

/** A system of its own with one runner whose Engine stands behind the proxy. */
async function withEngineBehind(proxy: CutProxy, name: string): Promise<System> {
  const system = await System.start();
  process.env["STUB_GPUS"] = "0, GPU-one, NVIDIA H100, 81559";
  const docker = { SKEDULER_DOCKER_HOST: `tcp://127.0.0.1:${proxy.port}`, SKEDULER_RUNNER_STOP_GRACE: "1s" };
  await system.addRunner(name, docker);
  return system;
}

const hostSchema = z.object({ state: z.string(), problem: z.string().nullable() });

async function host(system: System, name: string): Promise<z.infer<typeof hostSchema>> {
  return hostSchema.parse(await (await system.fetch(`/hosts/${name}`)).json());
}

/** Resolves when the database says so; asks it again ten times a second. */
async function until(system: System, condition: string, values: unknown[] = []): Promise<void> {
  for (;;) {
    const { rows } = await system.query(`select (${condition}) as so, pg_sleep(0.1)`, values);
    if (rows[0]?.["so"] === true) return;
  }
}

/** Two heartbeats from now: whatever the next one sets off has had its turn. */
async function twoBeats(system: System, name: string): Promise<void> {
  for (let beats = 0; beats < 2; beats++) {
    const { rows } = await system.query("select clock_timestamp()::text as now");
    await until(system, "select seen_at > $2::timestamptz from skeduler.heartbeats where host = $1", [
      name,
      rows[0]?.["now"],
    ]);
  }
}

/** As if the host had been silent for ten minutes while somebody looked. */
async function giveUp(system: System, name: string): Promise<void> {
  const pool = createPool({ url: system.database, max: 1, name: "test", log: createLog("error") });
  try {
    await system.query("update skeduler.watch set since = now() - interval '1 hour', seen_at = now()");
    await system.query("update skeduler.heartbeats set seen_at = now() - interval '10 minutes' where host = $1", [
      name,
    ]);
    await giveUpLostHosts(pool, 300_000);
  } finally {
    await pool.end();
  }
}

function containerOf(attempt: { readonly id: string } | null): Docker.Container {
  return new Docker().getContainer(`skeduler-${attempt?.id ?? ""}`);
}

test("given up while its Engine is away: it takes nothing before the container that was given up is gone", async () => {
  await using proxy = await CutProxy.start(connectEngine().address);
  await using system = await withEngineBehind(proxy, "engineless");
  const { id } = await system.postScript("trap '' TERM; echo up; while :; do sleep 0.1; done");
  await system.logged(id, "up\n");
  const { attempt } = await system.get(id);
  proxy.cut();
  await giveUp(system, "engineless");
  assert.equal((await system.ended(id)).result?.reason, "host_lost");
  const next = await system.postScript("echo $NVIDIA_VISIBLE_DEVICES");
  await twoBeats(system, "engineless");
  assert.equal((await host(system, "engineless")).state, "lost");
  assert.equal((await system.get(next.id)).status, "ENQUEUED");
  assert.equal((await containerOf(attempt).inspect()).State.Running, true);
  proxy.mend();
  await system.ended(next.id);
  await assert.rejects(containerOf(attempt).inspect(), /no such container/i);
  assert.equal((await system.log(next.id, "?stream=stdout")).toString(), "GPU-one\n");
  assert.equal((await host(system, "engineless")).state, "active");
});

test("while Docker is away the host says so and takes nothing; back again, what ran is followed on, log whole", async () => {
  await using proxy = await CutProxy.start(connectEngine().address);
  await using system = await withEngineBehind(proxy, "dockerless");
  const { id } = await system.postScript(
    "i=0; while [ ! -e /tmp/go ]; do i=$((i+1)); echo line $i; sleep 0.05; done; echo last $i; exit 7",
  );
  await system.logged(id, "line 3\n");
  const { attempt } = await system.get(id);
  proxy.cut();
  await until(system, "select trouble is not null from skeduler.hosts");
  const away = /^takes nothing: Docker does not answer since \d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/;
  assert.match((await host(system, "dockerless")).problem ?? "", away);
  const next = await system.postScript("true", { resources: { gpus: 0 } });
  const why = z
    .object({ hosts: z.array(z.object({ rule: z.string(), message: z.string() })) })
    .parse(await (await system.fetch(`/experiments/${next.id}/placement`)).json());
  assert.equal(why.hosts[0]?.rule, "closed");
  assert.match(why.hosts[0].message, away);
  assert.equal((await system.get(id)).status, "RUNNING");
  const exec = await containerOf(attempt).exec({ Cmd: ["touch", "/tmp/go"] });
  await exec.start({});
  await containerOf(attempt).wait(); // it ends while nobody of ours can see it
  proxy.mend();
  const done = await system.ended(id);
  assert.deepEqual([done.status, done.result?.exit_code, done.attempt?.number], ["FINISHED", 7, 1]);
  const log = (await system.log(id, "?stream=stdout")).toString();
  const count = Number(/last (\d+)\n$/.exec(log)?.[1]);
  assert.equal(log, Array.from({ length: count }, (_, i) => `line ${i + 1}\n`).join("") + `last ${count}\n`);
  assert.equal((await system.ended(next.id)).status, "FINISHED");
  assert.equal((await host(system, "dockerless")).problem, null);
});

test("an Engine that is gone for a moment: what runs is followed on, and ends by itself", async () => {
  await using proxy = await CutProxy.start(connectEngine().address);
  await using system = await withEngineBehind(proxy, "blinking");
  const { id } = await system.postScript("echo up; while [ ! -e /tmp/go ]; do sleep 0.05; done; echo down");
  await system.logged(id, "up\n");
  proxy.cut();
  proxy.mend();
  const { attempt } = await system.get(id);
  const exec = await containerOf(attempt).exec({ Cmd: ["touch", "/tmp/go"] });
  await exec.start({});
  const done = await system.ended(id);
  assert.deepEqual([done.status, done.result?.exit_code, done.attempt?.number], ["FINISHED", 0, 1]);
  assert.equal((await system.log(id, "?stream=stdout")).toString(), "up\ndown\n");
});
