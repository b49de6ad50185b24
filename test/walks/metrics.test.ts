// Metrics of experiments on the real parts: what containers take, what programs print, exact over a runner's death, in few points.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { z } from "zod";
import { experimentMetrics } from "../../runtime/metrics/query.ts";
import { RefusingProxy } from "../support/refusing-proxy.ts";
import { RunnerProcess } from "../support/runner-process.ts";
import { System } from "../support/system.ts";

let system: System;
before(async () => {
  process.env["STUB_GPUS"] = "3, GPU-metered, NVIDIA A100-SXM4-40GB, 40960";
  system = await System.start();
});
after(async () => system[Symbol.asyncDispose]());

type Metrics = z.output<typeof experimentMetrics>;
type Series = Metrics["series"][number];

async function read(id: string, query = ""): Promise<Metrics> {
  const response = await system.fetch(`/experiments/${id}/metrics${query}`);
  assert.equal(response.status, 200, await response.clone().text());
  return experimentMetrics.parse(await response.json());
}

function find(metrics: Metrics, name: string): Series {
  const found = metrics.series.find((one) => one.name === name);
  assert.ok(found, `${name} among ${metrics.series.map((one) => one.name).join(", ")}`);
  return found;
}

const means = (series: Series): unknown[] => series.points.map(([, mean]) => mean);

test("what a container and its GPU take is sampled, and stops with it", async () => {
  await system.addRunner("metered", { SKEDULER_METRICS_INTERVAL: "1s", SKEDULER_RUNNER_STOP_GRACE: "1s" });
  const { id } = await system.postScript("head -c 20000000 /dev/zero > /tmp/f; while :; do :; done", {
    resources: { gpus: 1 },
  });
  const sampled = async (): Promise<Metrics> => {
    for (;;) {
      const metrics = await read(id);
      if ((metrics.series.find((one) => one.name === "cpu")?.points.length ?? 0) >= 2) return metrics;
      await system.query("select pg_sleep(0.1)");
    }
  };
  const metrics = await sampled();
  assert.deepEqual(
    metrics.series.map(
      ({ name, gpu, source, unit }) => `${source} ${name} ${unit ?? ""}${gpu === null ? "" : ` of ${gpu}`}`,
    ),
    [
      "sampled cpu cores",
      "sampled disk_read bytes/s",
      "sampled disk_written bytes/s",
      "sampled gpu_memory bytes of GPU-metered",
      "sampled gpu_power watts of GPU-metered",
      "sampled gpu_utilisation percent of GPU-metered",
      "sampled memory bytes",
      "sampled network_received bytes/s",
      "sampled network_sent bytes/s",
    ],
  );
  const [, mean = 0, least = 0, greatest = 0] = find(metrics, "cpu").points.at(-1) ?? [];
  assert.ok(Number(mean) > 0.05 && Number(mean) < 2, "a busy loop is at work, with one core at most");
  assert.ok(least === mean && greatest === mean);
  assert.deepEqual(new Set(means(find(metrics, "gpu_utilisation"))), new Set([73]));
  assert.deepEqual(new Set(means(find(metrics, "gpu_memory"))), new Set([1024 * 1024 ** 2]));
  assert.ok(Number(means(find(metrics, "memory"))[0]) > 10_000);
  assert.deepEqual(new Set((await read(id, "?names=gpu_power")).series.map((one) => one.name)), new Set(["gpu_power"]));
  await system.put(id, { status: "CANCELLED" });
  await system.ended(id);
  const count = async (): Promise<number> => find(await read(id), "memory").points.length;
  const before = await count();
  const next = await system.postScript("sleep 2", { resources: { gpus: 1 } });
  await system.ended(next.id);
  assert.equal(await count(), before);
});

test("while the GPUs cannot be read, all else is", async () => {
  process.env["STUB_MUTE"] = "1";
  try {
    const { id } = await system.postScript("sleep 60", { resources: { gpus: 1 } });
    let names: string[] = [];
    while (names.length === 0) {
      names = (await read(id)).series.map(({ name }) => name);
      await system.query("select pg_sleep(0.1)");
    }
    assert.ok(names.includes("memory") && !names.some((name) => name.startsWith("gpu_")), names.join(", "));
    await system.put(id, { status: "CANCELLED" });
    await system.ended(id);
  } finally {
    delete process.env["STUB_MUTE"];
  }
});

test("lines of the form are series, stay in the log, and are bounded by time", async () => {
  const { id } = await system.postScript(
    "for i in 1 2 3; do echo ::metric loss=0.$i acc=$i step=$i; sleep 0.2; done; echo ::metric loss=nan >&2; echo x ::metric no=1; printf '::metric last=1'",
    { resources: { gpus: 0 } },
  );
  await system.ended(id);
  const metrics = await read(id);
  assert.deepEqual(
    metrics.series.filter((one) => one.source === "printed").map((one) => one.name),
    ["acc", "last", "loss"],
  );
  const loss = find(metrics, "loss");
  assert.deepEqual(
    loss.points.map(([, mean, , , step]) => [mean, step]),
    [
      [0.1, 1],
      [0.2, 2],
      [0.3, 3],
      ["NaN", null],
    ],
  );
  assert.ok((await system.log(id)).includes("::metric loss=0.1 acc=1 step=1\n"));
  const [, second] = loss.points;
  const from = new Date(second?.[0] ?? 0).toISOString();
  assert.deepEqual(means(find(await read(id, `?from=${from}&names=acc`), "acc")), [2, 3]);
  assert.deepEqual(means(find(await read(id, `?to=${from}&names=acc`), "acc")), [1, 2]);
  const whole = find(await read(id, "?step=1h&names=acc"), "acc").points;
  assert.deepEqual(whole, [[loss.points[0]?.[0], 2, 1, 3, 3]]);
});

test("a thousand printed in one go are read in 500 points, and none is lost", async () => {
  const { id } = await system.postScript(
    "i=0; while [ $i -lt 2000 ]; do i=$((i+1)); echo ::metric n=$i name$((i % 40))=1; done",
    {
      resources: { gpus: 0 },
    },
  );
  await system.ended(id);
  const metrics = await read(id);
  assert.ok(find(metrics, "n").points.length <= 500);
  assert.equal(find(metrics, "n").points.at(-1)?.[3], 2000);
  const { rows } = await system.query(
    "select count(v)::int as n, sum(v)::int as total from skeduler.metric_chunks c join skeduler.attempts a on a.id = c.attempt_id, unnest(c.data) v where a.experiment_id = $1 and c.printed",
    [id],
  );
  assert.deepEqual(rows[0], { n: 4000, total: 2000 + (2000 * 2001) / 2 });
});

test("a runner that dies loses and doubles no printed metric; sampling goes on with the next", async () => {
  const first = await RunnerProcess.start(system, "mortal");
  const { id } = await system.postScript(
    "i=0; while [ $i -lt 1200 ]; do i=$((i+1)); echo ::metric n=$i; sleep 0.005; done; echo ::metric n=-1",
    {
      resources: { gpus: 0, host: "mortal" },
    },
  );
  const until = async (least: number): Promise<void> => {
    await system.until(
      id,
      async () => Number((await read(id, "?names=n")).series[0]?.points.at(-1)?.[3] ?? 0) >= least,
    );
  };
  await until(20);
  await first.kill();
  const second = await RunnerProcess.start(system, "mortal");
  await until(200);
  await second.kill();
  await system.addRunner("mortal");
  await system.ended(id);
  const { rows } = await system.query(
    `select v::int as n from skeduler.metric_chunks c join skeduler.attempts a on a.id = c.attempt_id, unnest(c.data) with ordinality d (v, place)
      where a.experiment_id = $1 and c.printed order by c.seq, d.place`,
    [id],
  );
  const found = rows.map((row) => row["n"]);
  assert.deepEqual(found, [...Array.from({ length: 1200 }, (_, n) => n + 1), -1]);
  assert.equal((await read(id)).attempts, 1);
});

test("expired with its log; unknown and not yet there", async () => {
  const { id } = await system.postScript("echo ::metric a=1", { resources: { gpus: 0 } });
  await system.ended(id);
  assert.equal((await read(id)).attempt, 1);
  await system.query("update skeduler.attempts set log_expired_at = now() where experiment_id = $1", [id]);
  assert.equal((await system.fetch(`/experiments/${id}/metrics`)).status, 410);
  const waiting = await system.post({}, { resources: { host: "nowhere" } });
  assert.deepEqual(await read(waiting.id), {
    experiment: waiting.id,
    attempt: null,
    attempts: 0,
    step: null,
    series: [],
  });
  assert.equal((await system.fetch(`/experiments/${waiting.id}/metrics?attempt=2`)).status, 404);
  assert.equal((await system.fetch(`/experiments/${waiting.id}/metrics?step=soon`)).status, 400);
  await system.put(waiting.id, { status: "CANCELLED" });
});

// The last: its hosts look alive for a while, and run nothing.
test("what the Engine does not know of a container is left out, and its GPU is sampled all the same", async () => {
  const cpu_stats = { cpu_usage: { total_usage: 0 } }; // as without the cpu controller
  const known = { cpu_stats, memory_stats: { usage: 5000, stats: { inactive_file: 1000 } } };
  const gpu = ["gpu_memory", "gpu_power", "gpu_utilisation"];
  const series = async (body: object, host: string, awaited: string): Promise<string[]> => {
    await using engine = await RefusingProxy.answering((request) => / \/containers\/\w+\/stats/.test(request), body);
    await system.addRunner(host, {
      SKEDULER_METRICS_INTERVAL: "1s",
      SKEDULER_RUNNER_STOP_GRACE: "1s",
      SKEDULER_DOCKER_HOST: engine.host,
    });
    const { id } = await system.postScript("sleep 60", { resources: { gpus: 1, host } });
    let names: string[] = [];
    while (!names.includes(awaited)) {
      names = (await read(id)).series.map(({ name }) => name);
      await system.query("select pg_sleep(0.1)");
    }
    await system.put(id, { status: "CANCELLED" });
    await system.ended(id);
    await system.runners.pop()?.close();
    return names;
  };
  const half = await series(known, "half-known", "disk_read"); // a rate: with the second look
  assert.deepEqual(half, ["disk_read", "disk_written", ...gpu, "memory"]);
  assert.deepEqual(await series({ cpu_stats, memory_stats: {} }, "unknown", "gpu_power"), gpu);
});
