// What it costs to place one experiment while 100,000 of lower priority wait, the database's part included: on 50 hosts whose
// 400 GPUs are all held, of 20 owners, in some 240 kinds; first come first served, with fair share, and with ageing; and the first
// pass of a process, which remembers nothing yet. Needs Postgres: npm run bench -- line

import { createPool } from "../runtime/database/pool.ts";
import { createLog } from "../runtime/log.ts";
import { Placement, type PlacementOptions } from "../runtime/placement.ts";
import { createTestDatabase } from "../test/support/database.ts";
import { quantile, report } from "./frame/figure.ts";
import { sized, timed } from "./frame/rounds.ts";

const waiting = sized(100_000, 1_000);
const hosts = sized(50, 2);
const rounds = sized(100, 5);

const database = await createTestDatabase();
const log = createLog("error");
const pool = createPool({ url: database.url, max: 3, name: "bench", log });

await pool.query(
  `insert into skeduler.hosts (name, engine_id, slots, cpus, memory_bytes, version, gpus, epoch)
     select 'host-' || n, n::text, 16, 64, 1e12, 'bench', (select jsonb_agg(jsonb_build_object('uuid', 'GPU-' || n || '-' || g,
              'index', g, 'name', 'A100', 'memoryMiB', 40960)) from generate_series(0, 7) g), 1 from generate_series(0, $1 - 1) n`,
  [hosts],
);
await pool.query(
  "insert into skeduler.heartbeats (host, seen_at) select name, now() + interval '1 day' from skeduler.hosts",
);
await pool.query(
  `with j as (
     insert into jobs (name, description, docker_image, docker_command, docker_environment, resources, owner, status, attempt, host, time_limit)
       select n % 8, '', 'x', '', '{}', '{"gpus": 1, "cpus": 4, "memory": "16GiB"}', 'owner-' || n % 20, 'RUNNING', 1, 'host-' || n / 8, '12h'
         from generate_series(0, $1 * 8 - 1) n returning id, host, name
   ), a as (
     insert into skeduler.attempts (experiment_id, number, host, epoch, gpus, started_at)
       select id, 1, host, 1, array['GPU-' || substr(host, 6) || '-' || name], now() from j returning id, host, gpus
   ) insert into skeduler.leases (host, gpu, attempt_id) select host, gpus[1], id from a`,
  [hosts],
);
await pool.query(
  `insert into jobs (name, description, docker_image, docker_command, docker_environment, resources, priority, owner, time_limit)
     select 'waits', '', 'x', 'true {{n}}', '{}', jsonb_build_object('gpus', 1 + n % 4, 'cpus', 1 + n / 4 % 20), -1 - n % 3, 'owner-' || n % 20, '1h'
       from generate_series(1, $1) n`,
  [waiting],
);
await pool.query("analyze");

const modes: Record<string, Partial<PlacementOptions>> = {
  "first come, first served": {},
  "fair share": { fairShare: { halfLife: 6e8, weights: new Map() } },
  ageing: { ageing: 86_400_000 },
};

async function placeOne(placement: Placement): Promise<number> {
  const { rows } = await pool.query<{ id: string }>(
    `insert into jobs (name, description, docker_image, docker_command, docker_environment, resources, owner)
       values ('urgent', '', 'x', '', '{}', '{"gpus": 0, "cpus": 1}', 'owner-1') returning id`,
  );
  const took = await timed(async () => placement.run());
  const end = await pool.query(
    `with closed as (update skeduler.attempts set closed_at = now() where experiment_id = $1 and closed_at is null returning 1)
     update jobs set status = 'FINISHED' where id = $1 and status = 'RUNNING' and exists (select from closed)`,
    [rows[0]?.id],
  );
  if (end.rowCount !== 1) throw new Error("it was not placed");
  return took;
}

const made = Object.entries(modes).map(([name, mode]) => ({
  name,
  took: [] as number[],
  placement: new Placement({
    db: pool,
    reads: pool,
    defaultExpected: 3_600_000,
    ageing: undefined,
    fairShare: undefined,
    quota: () => undefined,
    ...mode,
  }),
}));
for (const { name, placement } of made)
  report({ name: `first pass of a process, ${name}`, unit: "ms", values: [await timed(async () => placement.run())] });
const pings: number[] = [];
for (let round = 0; round < rounds; round++) {
  pings.push(await timed(async () => pool.query("select 1")));
  for (const one of made) one.took.push(await placeOne(one.placement));
}
report({ name: "select 1, p50 (how busy the machine was)", unit: "ms", values: [quantile(pings, 0.5)] });
for (const { name, took } of made) {
  report({
    name: `placing one, ${waiting} wait, ${name}, p50`,
    unit: "ms",
    values: [quantile(took, 0.5)],
    goal: { atMost: 10 },
  });
  report({ name: `placing one, ${waiting} wait, ${name}, p95`, unit: "ms", values: [quantile(took, 0.95)] });
}
await pool.end();
await database.drop();
