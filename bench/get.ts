// GET /experiments/{id} at 64 connections and at one, beside pgbench's select of one row by its id.

import { load } from "./frame/load.ts";
import { report } from "./frame/figure.ts";
import { pgbench } from "./frame/pgbench.ts";
import { inTurn, sized } from "./frame/rounds.ts";
import { createWorld } from "./frame/world.ts";

const seconds = sized(3, 1);
await using world = await createWorld();
const { rows } = await world.sql.query<{ id: string }>(
  `insert into jobs (name, description, docker_image, docker_command, docker_environment, metadata, status, owner)
     select 'bench', 'benchmark row', 'busybox', 'true', '{"BENCH":"1"}', '{"k":[1,2,3]}', 'FINISHED', 'token-1' from generate_series(1, 10000)
     returning id`,
);
await world.sql.query("vacuum analyze jobs");
const id = rows[5000]?.id ?? "";
const statement = `select id, name, description, docker_image, docker_command, docker_environment, created_at, updated_at, status, metadata from jobs where id = '${id}'`;

const get = async (connections: number): Promise<number> =>
  (await load({ url: world.api.url, method: "GET", path: `/experiments/${id}`, connections, seconds })).perSecond;
const limit = async (connections: number): Promise<number> =>
  (await pgbench({ database: world.database, statement, connections, seconds })).perSecond;

await get(64); // a warm-up
const measured = await inTurn({
  many: async () => get(64),
  manyLimit: async () => limit(64),
  one: async () => get(1),
  oneLimit: async () => limit(1),
});
const name = "pgbench, select by id";
report({
  name: "GET by id, 64 connections",
  unit: "a second",
  values: measured.many,
  limit: { name, values: measured.manyLimit },
  goal: { atLeast: 0.35 },
});
report({
  name: "GET by id, 1 connection",
  unit: "a second",
  values: measured.one,
  limit: { name, values: measured.oneLimit },
});
