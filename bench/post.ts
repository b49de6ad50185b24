// POST /experiments at 64 connections and at one, beside pgbench's one INSERT per transaction into the documented table, in a database
// with nothing else; and of arrays of 1,000, by one client and by two. No runner: what is measured is the queue, placement's look
// included.

import { readFileSync } from "node:fs";
import pg from "pg";
import { createTestDatabase } from "../test/support/database.ts";
import { report } from "./frame/figure.ts";
import { load, type Loaded } from "./frame/load.ts";
import { pgbench } from "./frame/pgbench.ts";
import { inTurn, sized } from "./frame/rounds.ts";
import { createWorld } from "./frame/world.ts";

const each = sized(3, 1);
const experiment = (n: number) => ({
  name: `bench ${n}`,
  description: "benchmark row",
  docker: { image: "busybox:local", command: "true", environment: { BENCH: "1" } },
  metadata: { k: [1, 2, 3] },
});
const insert = `insert into jobs (name, description, docker_image, docker_command, docker_environment, metadata)
  values ('bench', 'benchmark row', 'busybox', 'true', '{"BENCH":"1"}', '{"k":[1,2,3]}')
  returning id, name, description, docker_image, docker_command, docker_environment, created_at, updated_at, status, metadata`;

await using bare = new AsyncDisposableStack();
const plain = await createTestDatabase({ empty: true });
bare.defer(async () => plain.drop());
const client = new pg.Client({ connectionString: plain.url });
await client.connect();
await client.query(readFileSync(new URL("../migrations/0001-jobs.sql", import.meta.url), "utf8"));
await client.end();
await using world = await createWorld();

const post = async (
  connections: number,
  { body = experiment, seconds = each }: { readonly body?: (n: number) => unknown; readonly seconds?: number } = {},
): Promise<Loaded> =>
  load({
    url: world.api.url,
    method: "POST",
    path: "/experiments",
    body: (n) => JSON.stringify(body(n)),
    connections,
    seconds,
  });
const limit = async (connections: number): Promise<number> =>
  (await pgbench({ database: plain.url, statement: insert.replaceAll("\n", " "), connections, seconds: each }))
    .perSecond;

const postArrays = async (connections: number): Promise<number> =>
  1000 *
  (await post(connections, { body: (n) => Array.from({ length: 1000 }, (_, place) => experiment(n * 1000 + place)) }))
    .perSecond;

await load({ url: world.api.url, method: "GET", path: "/experiments?limit=1", connections: 1, seconds: 0.2 });
// As a server that has been up for a while: until V8 has compiled all that is hot, a POST takes half as much again.
await post(64, { seconds: sized(10, 1) });
const p99: number[] = [];
const alone: number[] = [];
const measured = await inTurn({
  many: async () => {
    const loaded = await post(64);
    p99.push(loaded.p99);
    return loaded.perSecond;
  },
  manyLimit: async () => limit(64),
  one: async () => {
    const loaded = await post(1);
    alone.push(loaded.p50);
    return loaded.perSecond;
  },
  oneLimit: async () => limit(1),
});
// After them: each round of arrays makes the tables as large as all rounds before, and pgbench's has no such rows.
const arrays = await inTurn({ one: async () => postArrays(1), two: async () => postArrays(2) });

const name = "pgbench, one INSERT per transaction";
report({
  name: "POST, 64 connections",
  unit: "a second",
  values: measured.many,
  limit: { name, values: measured.manyLimit },
  goal: { atLeast: 0.75 },
});
report({ name: "POST, 64 connections, p99", unit: "ms", values: p99, goal: { atMost: 20 } });
report({
  name: "POST, 1 connection",
  unit: "a second",
  values: measured.one,
  limit: { name, values: measured.oneLimit },
  goal: { atLeast: 0.3 },
});
report({ name: "POST, 1 connection, p50", unit: "ms", values: alone });
for (const [clients, values] of [
  ["one client", arrays.one],
  ["two clients", arrays.two],
] as const)
  report({
    name: `POST of arrays of 1,000, ${clients}: experiments`,
    unit: "a second",
    values,
    goal: { atLeast: 20_000 },
  });
