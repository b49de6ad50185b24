// What is done all day, on an empty database and on one with a million ended experiments and their logs: POST, a page by
// cursor, a placement, an append to a log, a tail from its start. The ratio is the one to the empty database.

import { createPool } from "../runtime/database/pool.ts";
import { appendLog } from "../runtime/database/statements/append-log.ts";
import { createLog } from "../runtime/log.ts";
import { plainPlacement } from "../test/support/plain-placement.ts";
import { makeHistory } from "../test/support/history.ts";
import { fetchBytes } from "./frame/fetch-bytes.ts";
import { median, report } from "./frame/figure.ts";
import { load } from "./frame/load.ts";
import { sized, timed } from "./frame/rounds.ts";
import { chunkOf, startLog, storeLog } from "./frame/stored-log.ts";
import { createWorld } from "./frame/world.ts";

const experiments = sized(1_000_000, 20_000);
const chunks = sized(1_000_000, 20_000);
const rounds = sized(5, 1);
await using world = await createWorld();
const pool = createPool({ url: world.database, max: 3, name: "bench", log: createLog("error") });
const passes: number[] = [];
const placement = plainPlacement(pool, ({ seconds }) => passes.push(seconds * 1000));
await world.sql.query(
  "insert into skeduler.hosts (name, engine_id, slots, cpus, memory_bytes, version) values ('bench', 'none', 1, 4, 1e9, '0')",
);
const body = (n: number): string =>
  JSON.stringify({ name: `new ${n}`, docker: { image: "busybox", command: "true" }, metadata: { k: [1, 2, 3] } });
const line = chunkOf([Buffer.from("a line as long as most lines are\n")]);
const log = await startLog(world.sql);
const small = await storeLog(world.sql, 10_000);
let seq = 0;

/** ms each, medians of some. */
const measures = {
  "POST, 16 connections, p50": async () =>
    (
      await load({
        url: world.api.url,
        method: "POST",
        path: "/experiments",
        body,
        connections: 16,
        seconds: sized(2, 0.5),
      })
    ).p50,
  "a page of 100 by cursor": async () =>
    times(async () => fetchBytes(`${world.api.url}/experiments?limit=100&cursor=50`)),
  "an experiment placed": placed,
  "a line appended to a log": async () =>
    times(async () => appendLog(pool, { attemptId: log.attempt, epoch: "1", seq: seq++, chunk: line, position: {} })),
  "a log of 10,000 lines by its tail": async () =>
    times(async () => fetchBytes(`${world.api.url}/logs/${small.experiment}/tail`)),
};
type Name = keyof typeof measures;
const names = Object.keys(measures) as Name[];

async function times(work: () => Promise<unknown>): Promise<number> {
  const took: number[] = [];
  for (let n = 0; n < 20; n += 1) took.push(await timed(work));
  return median(took);
}

/** On a host that is heard from meanwhile. */
async function placed(): Promise<number> {
  const took: number[] = [];
  await world.sql.query("insert into skeduler.heartbeats (host, seen_at) values ('bench', now() + interval '1 hour')");
  while (took.length < 20) {
    await world.sql.query(
      `insert into jobs (name, description, docker_image, docker_command, docker_environment, resources, owner)
         values ('placed', '', 'busybox', 'true', '{}', '{"cpus": 1}', 'token-1')`,
    );
    await placement.run();
    const { rowCount } = await world.sql.query(
      "update skeduler.attempts set closed_at = now() where closed_at is null",
    );
    await world.sql.query("update jobs set status = 'CANCELLED' where status in ('ENQUEUED', 'RUNNING')");
    if (rowCount === 1) took.push(passes.at(-1) ?? NaN);
  }
  await world.sql.query("delete from skeduler.heartbeats where host = 'bench'");
  return median(took);
}

async function measure(): Promise<Record<Name, number[]>> {
  const values = Object.fromEntries(names.map((name) => [name, [] as number[]])) as Record<Name, number[]>;
  for (let round = -1; round < rounds; round += 1) {
    for (const name of names) {
      const value = await measures[name]();
      if (round >= 0) values[name].push(value); // a warm-up first
      // What was posted is no growth: the line is as long in each round, and no look goes over what autovacuum has not come to.
      if (name.startsWith("POST")) {
        await world.sql.query("update jobs set status = 'CANCELLED' where status = 'ENQUEUED'");
        await world.sql.query("vacuum public.jobs, skeduler.events");
      }
    }
  }
  return values;
}

const before = await measure();
await makeHistory(world.sql, { experiments, chunks }); // by a connection that waits as long as it takes
await world.sql.query("checkpoint");
const after = await measure();
await pool.end();
for (const name of names) {
  report({
    name: `${name}, with ${experiments.toLocaleString("en-US")} ended`,
    unit: "ms",
    values: after[name],
    limit: { name: "empty", values: before[name] },
    goal: { atMost: 1.5 },
  });
}
