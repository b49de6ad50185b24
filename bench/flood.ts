// Eight containers print as fast as they can: how many MB of lines a second are stored, beside (1) eight bare follows of the
// Engine, which store nothing, and (2) a bare loop that inserts such chunks on as many connections as a runner has for them;
// the lower of the two bounds us. Meanwhile another experiment's tail, and the runner's memory. The tail is measured while the eight
// print, as the bare one is; what it takes while they are started and cancelled is told apart.

import { setTimeout as sleep } from "node:timers/promises";
import { WebSocket } from "ws";
import { appendLog } from "../runtime/database/statements/append-log.ts";
import { createPool } from "../runtime/database/pool.ts";
import { ChunkBuilder, type Chunk } from "../runtime/logs/chunk-format.ts";
import { createLog } from "../runtime/log.ts";
import { createTestDatabase } from "../test/support/database.ts";
import { create, follow, remove, start } from "./frame/engine.ts";
import { post, until } from "./frame/experiments.ts";
import { quantile, report } from "./frame/figure.ts";
import { Skeduler, token } from "./frame/process.ts";
import { inTurn, sized } from "./frame/rounds.ts";
import { createWorld } from "./frame/world.ts";

const containers = 8;
const seconds = sized(10, 2);
/** What a runner has for statements: three connections, less the one that listens. */
const connections = 2;
const line = "step 1234567 loss 0.123456 accuracy 0.987654 lr 0.000100 gradient norm 1.234567 tokens a second 12345"; // 100 bytes
/** Such a chunk as they make. */
const chunk = ((): Chunk => {
  const builder = new ChunkBuilder();
  const bytes = Buffer.from(`${line}\n`);
  const second = 1_800_000_000;
  for (let nanos = 0; builder.fits(second, nanos, bytes.length); nanos += 5000)
    builder.add("stdout", second, nanos, bytes, 0, bytes.length);
  return builder.take();
})();

await using cleanup = new AsyncDisposableStack();
const world = cleanup.use(await createWorld());
const runner = cleanup.use(
  await Skeduler.start("runner", world.database, {
    env: { SKEDULER_RUNNER_SLOTS: String(containers + 1), SKEDULER_RUNNER_STOP_GRACE: "0s" },
  }),
);
const memory: number[] = [];
const late: number[] = [];
const lateAround: number[] = [];
const lateAlone: number[] = [];
/** Some 40 lines a second: of fewer the hundredth part would be the worst line alone. */
const ticking = ["sh", "-c", "while :; do echo tick; sleep 0.025; done"];

async function stored(): Promise<number> {
  const { rows } = await world.sql.query<{ bytes: string }>(
    "select coalesce(sum(stdout_bytes), 0)::text as bytes from skeduler.attempts",
  );
  return Number(rows[0]?.bytes);
}

async function cancel(id: string): Promise<void> {
  const body = JSON.stringify({ status: "CANCELLED" });
  await fetch(`${world.api.url}/experiments/${id}`, { method: "PUT", headers: { Authorization: token }, body });
  await until(world.api, id, (one) => one.attempt?.closed_at != null, 50);
}

interface Flooded {
  readonly mbPerSecond: number;
  /** Of performance.now, ms: between these all of them printed. */
  readonly from: number;
  readonly until: number;
}

/** How late each line of a quiet experiment is, by Docker's own time of it, in a flood and around it. */
async function tailing(work: () => Promise<Flooded>): Promise<number> {
  const { id } = await post(world.api, { command: `sh -c '${ticking[2] ?? ""}'` });
  await until(world.api, id, (one) => one.attempt?.started_at != null);
  const url = `${world.api.url.replace("http", "ws")}/logs/${id}/tail?ws&stream=stdout&timestamps=1`;
  const socket = new WebSocket(url, { headers: { Authorization: token } });
  const lines: { readonly at: number; readonly ms: number }[] = [];
  socket.on("message", (data: Buffer) => {
    lines.push({ at: performance.now(), ms: lateness(data.toString("latin1", 0, 30)) });
  });
  await new Promise((resolve) => socket.on("open", resolve));
  await sleep(1000); // what was there before
  lines.length = 0;
  const { mbPerSecond, from, until: end } = await work();
  const within = lines.filter(({ at }) => at >= from && at < end);
  const around = lines.filter((one) => !within.includes(one));
  const p99 = (some: typeof lines): number =>
    quantile(
      some.map(({ ms }) => ms),
      0.99,
    );
  late.push(p99(within));
  lateAround.push(p99(around));
  socket.terminate();
  await cancel(id);
  return mbPerSecond;
}

/** Of a line that Docker read at this time, ms. */
function lateness(time: string): number {
  const read = Date.parse(`${time.slice(0, 23)}Z`) + Number(time.slice(23, 29)) / 1e6;
  return performance.timeOrigin + performance.now() - read;
}

async function flood(): Promise<Flooded> {
  const ids = await Promise.all(
    Array.from({ length: containers }, async () => (await post(world.api, { command: `yes '${line}'` })).id),
  );
  for (const id of ids) await until(world.api, id, (one) => one.attempt?.started_at != null, 20);
  const [bytes, from] = [await stored(), performance.now()];
  await sleep(seconds * 1000);
  const more = (await stored()) - bytes;
  const end = performance.now();
  memory.push(runner.memory("most"));
  await Promise.all(ids.map(cancel));
  return { mbPerSecond: more / 1e6 / ((end - from) / 1000), from, until: end };
}

async function engineAlone(): Promise<number> {
  const ids = await Promise.all(Array.from({ length: containers }, async () => create(["yes", line])));
  const quiet = await create(ticking);
  let bytes = 0;
  const took: number[] = [];
  await Promise.all([quiet, ...ids].map(start));
  const following = ids.map(async (id) => follow(id, (data) => (bytes += data.length)));
  following.push(
    follow(quiet, (data) => {
      for (const [, time = ""] of data.toString("latin1").matchAll(/(\S{30}) tick/g)) took.push(lateness(time));
    }),
  );
  await sleep(1000);
  took.length = 0;
  const [before, from] = [bytes, performance.now()];
  await sleep(seconds * 1000);
  const share = (line.length + 1) / (line.length + 1 + 39); // of a frame: without its header and time
  const result = (((bytes - before) / 1e6) * share) / ((performance.now() - from) / 1000);
  lateAlone.push(quantile(took, 0.99));
  await Promise.all([quiet, ...ids].map(remove));
  await Promise.all(following);
  return result;
}

/** A database of its own, with one open attempt for each connection. */
async function insertLoop(): Promise<number> {
  const database = await createTestDatabase();
  const db = createPool({ url: database.url, max: connections, name: "bench", log: createLog("error") });
  const { rows: attempts } = await db.query<{ id: string }>(
    `with host as (
       insert into skeduler.hosts (name, engine_id, slots, cpus, memory_bytes, version) values ('loop', 'none', 1, 1, 1, 'none') returning name
     ), job as (
       insert into jobs (name, description, docker_image, docker_command, docker_environment)
         select 'loop', '', 'none', '', '{}' from generate_series(1, $1) returning id
     )
     insert into skeduler.attempts (experiment_id, number, host, epoch) select job.id, 1, host.name, 1 from job, host returning id::text as id`,
    [connections],
  );
  const until = performance.now() + seconds * 1000;
  let bytes = 0;
  const loops = attempts.map(async ({ id: attemptId }) => {
    for (let seq = 0; performance.now() < until; seq += 1) {
      if (!(await appendLog(db, { attemptId, epoch: "1", seq, chunk, position: {} }))) throw new Error("not stored");
      bytes += chunk.data.length;
    }
  });
  await Promise.all(loops);
  await db.end();
  await database.drop();
  return bytes / 1e6 / seconds;
}

const measured = await inTurn({ ours: async () => tailing(flood), engine: engineAlone, loop: insertLoop }, sized(3, 1));
const bound = measured.engine.map((mb, round) => Math.min(mb, measured.loop[round] ?? NaN));
report({
  name: `${containers} containers as fast as they can, stored`,
  unit: "MB/s",
  values: measured.ours,
  limit: { name: "the lower of: bare follows, bare inserts", values: bound },
  goal: { atLeast: 0.8 },
  note: `lines of 100 bytes; bare follows ${list(measured.engine)} MB/s, bare inserts ${list(measured.loop)} MB/s`,
});
report({
  name: "meanwhile another experiment's tail, p99",
  unit: "ms",
  values: late,
  goal: { atMost: 100 },
  note: `beside bare follows, a bare follow of it: ${list(lateAlone)} ms`,
});
report({ name: "the same while the eight are started, and cancelled", unit: "ms", values: lateAround });
report({ name: "meanwhile the runner's most memory", unit: "MiB", values: memory, goal: { atMost: 150 } });

function list(values: readonly number[]): string {
  return values.map((value) => value.toFixed(1)).join(", ");
}
