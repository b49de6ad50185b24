// From POST to the create request at the Engine's socket, one experiment after the other: on an idle system, then with
// 100,000 of lower priority waiting for a GPU that is taken; and what one look at that line costs. Real Postgres, real Engine:
// npm run bench -- placement

import { connect, createServer } from "node:net";
import { createPool } from "../runtime/database/pool.ts";
import { createLog } from "../runtime/log.ts";
import { plainPlacement } from "../test/support/plain-placement.ts";
import { image, System } from "../test/support/system.ts";
import { quantile, report } from "./frame/figure.ts";
import { sized } from "./frame/rounds.ts";

const warmUp = sized(20, 1);
const rounds = warmUp + sized(200, 10);
const waiting = sized(100_000, 1_000);

/** When each attempt's create request came, by performance.now(). */
const created = new Map<string, number>();
const socket = (process.env["DOCKER_HOST"] ?? "").replace("unix://", "");
const proxy = createServer((client) => {
  const engine = connect(socket);
  client.on("data", (data) => {
    const name = /^POST \/(?:v[\d.]+\/)?containers\/create\?name=skeduler-([0-9a-f-]{36})/.exec(
      data.toString("latin1"),
    )?.[1];
    if (name !== undefined) created.set(name, performance.now());
  });
  client.pipe(engine).pipe(client);
  for (const end of [client, engine])
    end.on("error", () => undefined).on("close", () => [client, engine].map((one) => one.destroy()));
});
await new Promise<void>((done) => proxy.listen(0, "127.0.0.1", done));
const address = proxy.address();
if (address === null || typeof address === "string") throw new Error("no port");

function latency(what: string, ms: readonly number[], goal?: { p50: number; p99: number }): void {
  for (const [percentile, q] of [
    ["p50", 0.5],
    ["p99", 0.99],
  ] as const) {
    const most = goal && { goal: { atMost: goal[percentile] } };
    report({ name: `${what}, ${percentile}`, unit: "ms", values: [quantile(ms, q)], ...most });
  }
}

const system = await System.start();
process.env["STUB_GPUS"] = "0, GPU-bench, NVIDIA A100-SXM4-40GB, 40960";
await system.addRunner("bench", {
  SKEDULER_DOCKER_HOST: `tcp://127.0.0.1:${address.port}`,
  SKEDULER_RUNNER_STOP_GRACE: "1s",
});

async function latencies(): Promise<number[]> {
  const all: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const from = performance.now();
    const { id } = await system.post({ command: "true" }, { resources: { gpus: 0 } });
    const { attempt } = await system.ended(id);
    all.push((created.get(attempt?.id ?? "") ?? NaN) - from);
  }
  return all.slice(warmUp);
}

latency("POST to create request, idle", await latencies(), { p50: 15, p99: 40 });

const holder = await system.postScript("sleep 3600", { resources: { gpus: 1 } });
await system.until(holder.id, (e) => e.attempt?.started_at != null);
await system.query(
  `insert into jobs (name, description, docker_image, docker_command, docker_environment, resources, priority, owner)
     select 'waits', '', $1, 'true', '{}', '{"gpus": 1}', -1, 'token-1' from generate_series(1, $2)`,
  [image, waiting],
);
await system.query("analyze jobs");
latency(`POST to create request, ${waiting} of lower priority waiting`, await latencies(), { p50: 15, p99: 40 });

const pool = createPool({ url: system.database, max: 3, name: "bench", log: createLog("error") });
const looks: number[] = []; // by itself: passes in a row that place nothing rest in between
const placement = plainPlacement(pool, ({ seconds }) => looks.push(seconds * 1000));
for (let round = 0; round < rounds; round++) await placement.run();
latency(`one look at the line of ${waiting}`, looks.slice(warmUp));

await pool.end();
await system.query("update jobs set status = 'CANCELLED' where status = 'ENQUEUED'");
await system.put(holder.id, { status: "CANCELLED" });
await system.ended(holder.id);
await system[Symbol.asyncDispose]();
proxy.close();
