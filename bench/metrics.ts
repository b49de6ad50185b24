// What metrics of experiments cost: the Engine's one look at a container (beside the look that waits a second for a percentage), storing
// a host's samples, an ordinary line of log that is no metric, and reading a day of a container with its GPU.

import pg from "pg";
import { createTestDatabase } from "../test/support/database.ts";
import { image } from "../test/support/system.ts";
import { preparePartitions } from "../runtime/database/statements/housekeeping.ts";
import { readMetrics, storeSamples } from "../runtime/database/statements/metrics.ts";
import { connectEngine } from "../runtime/docker/engine.ts";
import { readUsage } from "../runtime/docker/stats.ts";
import { BlockBuilder } from "../runtime/metrics/block.ts";
import { PrintedReader } from "../runtime/metrics/printed.ts";
import { report } from "./frame/figure.ts";
import { inTurn, sized, timed } from "./frame/rounds.ts";

const attempts = 8;
const samplesADay = sized((24 * 3600) / 5, 1_000);
const lines = sized(2_000_000, 10_000);
const names = ["cpu", "memory", "network_received", "network_sent", "disk_read", "disk_written"];
const gpu = ["utilisation", "memory", "power", "temperature"].map((name) => `gpu_${name}/GPU-bench`);

await using cleanup = new AsyncDisposableStack();
const database = await createTestDatabase();
cleanup.defer(async () => database.drop());
const sql = new pg.Client({ connectionString: database.url });
await sql.connect();
cleanup.defer(async () => sql.end());
await preparePartitions(sql);
await sql.query(
  `insert into skeduler.hosts (name, engine_id, epoch, slots, cpus, memory_bytes, version) values ('bench', 'bench', 1, 1, 1, 1, 'bench')`,
);
const { rows } = await sql.query<{ id: string; day: string }>(
  `with made as (
     insert into jobs (name, description, docker_image, docker_command, docker_environment, status)
       select 'bench', '', '', '', '{}', 'RUNNING' from generate_series(1, $1) returning id)
   insert into skeduler.attempts (experiment_id, number, host, epoch) select id, 1, 'bench', 1 from made returning id, day::text as day`,
  [attempts],
);

/** A look at the whole host: a block of each attempt, grown to `length` samples, its last at `time`. */
async function look(time: number, length: number): Promise<void> {
  const blocks = rows.map(({ id }) => {
    const block = new BlockBuilder();
    for (let n = length - 1; n >= 0; n -= 1)
      block.add({
        time: time - n * 5_000,
        values: new Map([...names, ...gpu].map((name) => [name, Math.random() * 1e9])),
      });
    return { attemptId: id, block: block.build() };
  });
  await storeSamples(sql, "1", blocks);
}

const engine = connectEngine(process.env["DOCKER_HOST"]);
const container = await engine.docker.createContainer({ Image: image, Cmd: ["sleep", "600"] });
cleanup.defer(async () => {
  await container.remove({ force: true });
});
await container.start();
await readUsage(engine, container.id);

const line = Buffer.from("epoch 3, batch 1200 of 9000: 0.2312 after 12.1 s, 99 a second\n");
const reader = new PrintedReader({ stdout: false, stderr: false });
let found = 0;
const pass = (read: boolean): number => {
  const from = performance.now();
  for (let n = 0; n < lines; n += 1)
    if (read ? reader.read("stdout", n, 0, line, 0, line.length) !== undefined : line[n % line.length] === 0)
      found += 1;
  return ((performance.now() - from) * 1e6) / lines;
};

const first = Date.now() - 24 * 3600 * 1000;
for (let n = 0; n < samplesADay; n += 16) await look(first + (n + 15) * 5_000, 16);
const measured = await inTurn({
  oneShot: async () => timed(async () => readUsage(engine, container.id)),
  waiting: async () => timed(async () => container.stats({ stream: false })),
  stored: async () => timed(async () => look(Date.now(), 8)),
  ordinary: async () => Promise.resolve(pass(true)),
  bare: async () => Promise.resolve(pass(false)),
  read: async () =>
    timed(async () =>
      readMetrics(sql, rows[0] ?? { id: "", day: "" }, {
        from: undefined,
        to: undefined,
        step: undefined,
        names: undefined,
      }),
    ),
});
if (found > 0) throw new Error("an ordinary line was taken for a metric");
report({
  name: "the Engine's look at one container",
  unit: "ms",
  values: measured.oneShot,
  limit: { name: "its look that waits for a percentage", values: measured.waiting },
});
report({
  name: `storing a look at ${attempts} containers with a GPU each`,
  unit: "ms",
  values: measured.stored,
  note: "One statement every metrics.interval (5 s), blocks half grown.",
});
report({
  name: "an ordinary line, beside a loop that looks at one byte",
  unit: "",
  values: measured.ordinary,
  limit: { name: "the loop", values: measured.bare },
  note: "Nanoseconds a line.",
});
report({ name: "reading a day of a container and its GPU, in 500 points", unit: "ms", values: measured.read });
