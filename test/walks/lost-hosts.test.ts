// Hosts as an operator sees and changes them, and a host that goes silent, is given up, and comes back.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import Docker from "dockerode";
import { z } from "zod";
import { createPool } from "../../runtime/database/pool.ts";
import { giveUpLostHosts } from "../../runtime/database/statements/hosts.ts";
import { createLog } from "../../runtime/log.ts";
import { RunnerProcess } from "../support/runner-process.ts";
import { System } from "../support/system.ts";

let system: System;
before(async () => {
  system = await System.start();
});
after(async () => system[Symbol.asyncDispose]());

const hostSchema = z.object({
  name: z.string(),
  state: z.string(),
  reason: z.string().nullable(),
  changed_by: z.string().nullable(),
  heartbeat_age: z.number(),
  labels: z.array(z.string()),
  memory: z.number(),
  load: z.object({ average: z.array(z.number()), memory_available: z.number(), disk_free: z.number() }),
  running: z.number(),
  gpus: z.array(z.object({ uuid: z.string(), model: z.string(), experiment: z.string().nullable() })),
});
type Host = z.infer<typeof hostSchema>;

async function call(path: string, init: RequestInit = {}): Promise<{ status: number; body: unknown }> {
  const response = await system.fetch(path, init);
  return { status: response.status, body: await response.json() };
}

async function host(name: string): Promise<Host> {
  return hostSchema.parse((await call(`/hosts/${name}`)).body);
}

const put = async (name: string, body: object): ReturnType<typeof call> =>
  call(`/hosts/${name}`, { method: "PUT", body: JSON.stringify(body) });

test("a host shows what it has and who holds it; its labels choose it; cordoned it takes nothing, and says so", async () => {
  process.env["STUB_GPUS"] = "0, GPU-a, NVIDIA H100, 81559\n1, GPU-b, NVIDIA H100, 81559\n2, GPU-c, NVIDIA H100, 81559";
  await system.addRunner("gpus", { SKEDULER_RUNNER_LABELS: "rack=a,fast=yes", SKEDULER_RUNNER_GPUS: "0,2" });
  process.env["STUB_OTHER_GPUS"] = process.env["STUB_GPUS"];
  process.env["STUB_GPUS"] = "";
  await system.addRunner("plain");
  const all = z.array(hostSchema).parse((await call("/hosts")).body);
  assert.deepEqual(
    all.map(({ name, state, gpus }) => [name, state, gpus.map((gpu) => gpu.uuid)]),
    [
      ["gpus", "active", ["GPU-a", "GPU-c"]],
      ["plain", "active", []],
    ],
  );
  for (const { load, memory } of all) {
    assert.equal(load.average.length, 3);
    assert.ok(load.memory_available > 0 && load.memory_available < memory, JSON.stringify(load));
    assert.ok(load.disk_free > 1024 ** 2, JSON.stringify(load));
  }
  const { id } = await system.postScript("sleep 60", { resources: { host: "fast=yes" } });
  await system.until(id, (e) => e.attempt?.started_at != null);
  const busy = await host("gpus");
  assert.deepEqual(
    [busy.running, busy.gpus.map((gpu) => gpu.experiment), busy.labels],
    [1, [id, null], ["rack=a", "fast=yes"]],
  );
  const cordoned = hostSchema.parse((await put("gpus", { state: "cordoned", reason: "new fans" })).body);
  assert.deepEqual([cordoned.state, cordoned.reason, cordoned.changed_by], ["cordoned", "new fans", "token-1"]);
  const waits = await system.postScript("true", { resources: { host: "rack=a" } });
  const why = (await call(`/experiments/${waits.id}/placement`)).body as { hosts: { message: string }[] };
  assert.equal(why.hosts[0]?.message, "is cordoned: new fans");
  assert.equal((await system.get(id)).status, "RUNNING");
  await put("gpus", { state: "active" });
  assert.equal((await system.ended(waits.id)).status, "FINISHED");
  await system.put(id, { status: "CANCELLED" });
  await system.ended(id);
});

test("what is wrong with a change of a host is said; a living one is not removed", async () => {
  assert.equal((await put("none", { state: "active" })).status, 404);
  assert.equal((await put("plain", { state: "off" })).status, 400);
  assert.equal((await call("/hosts/none")).status, 404);
  assert.equal((await call("/hosts/plain", { method: "DELETE" })).status, 409);
});

test("given up after silence, tried again elsewhere; back again, its stale container is stopped and writes nothing", async () => {
  const cut = await RunnerProcess.start(system, "cut");
  try {
    const { id } = await system.postScript(
      'echo "on $SKEDULER_HOST_NAME"; while [ $SKEDULER_ATTEMPT = 1 ]; do sleep 0.1; echo more; done',
      {
        resources: { host: ["cut", "spare"] },
        retries: { count: 1, backoff: "0s" },
      },
    );
    await system.logged(id, "on cut\n");
    cut.signal("SIGSTOP");
    await system.addRunner("spare");
    // As if time had passed: the host silent for ten minutes, and somebody looking for an hour.
    await system.query("update skeduler.heartbeats set seen_at = now() - interval '10 minutes' where host = 'cut'");
    const log = createLog("error");
    const pool = createPool({ url: system.database, max: 1, name: "test", log });
    try {
      await system.query("update skeduler.watch set since = now(), seen_at = now()");
      assert.deepEqual(await giveUpLostHosts(pool, 300_000), [], "nobody looked for long enough");
      await system.query(
        "update skeduler.watch set since = now() - interval '1 hour', seen_at = now() - interval '1 minute'",
      );
      assert.deepEqual(await giveUpLostHosts(pool, 300_000), [], "there was a gap in the looking");
      await system.query("update skeduler.watch set since = now() - interval '1 hour', seen_at = now()");
      await giveUpLostHosts(pool, 300_000);
    } finally {
      await pool.end();
    }
    const done = await system.ended(id);
    assert.deepEqual([done.status, done.attempt?.number, done.attempt?.host], ["FINISHED", 2, "spare"]);
    const first = await system.query(
      "select id, result ->> 'reason' as reason from skeduler.attempts where experiment_id = $1 and number = 1",
      [id],
    );
    assert.equal(first.rows[0]?.["reason"], "host_lost");
    assert.equal((await host("cut")).state, "lost");
    const before = await system.log(id, "?attempt=1");
    const container = new Docker().getContainer(`skeduler-${String(first.rows[0]["id"])}`);
    assert.equal((await container.inspect()).State.Running, true);
    cut.signal("SIGCONT");
    // It takes new ones only when it is clean: this one can run there alone.
    const next = await system.postScript("true", { resources: { host: "cut" } });
    assert.equal((await system.ended(next.id)).status, "FINISHED");
    await assert.rejects(container.inspect(), /no such container/i);
    assert.deepEqual(await system.log(id, "?attempt=1"), before);
    assert.equal((await host("cut")).state, "active");
  } finally {
    cut.signal("SIGCONT");
    await cut.stop();
  }
});

test("a host that was removed while it was only cut off is back as soon as it is heard", async () => {
  await system.addRunner("unheard");
  await system.query("update skeduler.hosts set removed = true where name = 'unheard'");
  assert.equal((await call("/hosts/unheard")).status, 404);
  while ((await call("/hosts/unheard")).status === 404) await system.query("select pg_sleep(0.05)");
  const { rows } = await system.query(
    "select kind from skeduler.events where host = 'unheard' order by id desc limit 1",
  );
  assert.deepEqual(rows, [{ kind: "registered" }]);
  const { id } = await system.postScript("true", { resources: { host: "unheard" } });
  assert.equal((await system.ended(id)).status, "FINISHED");
});

test("a silent host can be removed, and comes back when its runner does", async () => {
  await system.query("update skeduler.heartbeats set seen_at = now() - interval '1 minute' where host = 'cut'");
  assert.equal((await call("/hosts/cut", { method: "DELETE" })).status, 200);
  assert.equal((await call("/hosts/cut")).status, 404);
  await system.addRunner("cut");
  assert.equal((await host("cut")).state, "active");
});
