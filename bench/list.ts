// GET /experiments, all 100,000 of them: beside COPY of row_to_json of the same rows; the first byte; what one and eight
// clients at once cost in memory. And a page by cursor, at the beginning and at the end.

import { fetchBytes } from "./frame/fetch-bytes.ts";
import { report } from "./frame/figure.ts";
import { copyMs } from "./frame/psql.ts";
import { inTurn, sized } from "./frame/rounds.ts";
import { createWorld } from "./frame/world.ts";

const count = sized(100_000, 5_000);
await using world = await createWorld();
await world.sql.query(
  `insert into jobs (name, description, docker_image, docker_command, docker_environment, metadata, status, owner)
     select 'bench ' || n, 'benchmark row', 'busybox:local', 'true', '{"BENCH":"1"}', '{"k":[1,2,3]}', 'FINISHED', 'token-1'
       from generate_series(1, $1) n`,
  [count],
);
await world.sql.query("vacuum analyze jobs");
const list = `${world.api.url}/experiments`;
for (let n = 0; n < 2; n += 1) await fetchBytes(list); // a warm-up

const firstBytes: number[] = [];
const grown: number[] = [];
const grownByEight: number[] = [];
/** MiB more than before, at most, while `work` runs. */
const growth = async (work: () => Promise<unknown>): Promise<number> => {
  const before = world.api.memory();
  world.api.forgetMost();
  await work();
  return world.api.memory("most") - before;
};
const measured = await inTurn({
  list: async () => {
    const { ms, firstByte } = await fetchBytes(list);
    firstBytes.push(firstByte);
    return ms;
  },
  copy: async () => copyMs(world.database, "select row_to_json(j) from jobs j order by seq"),
  documented: async () =>
    copyMs(
      world.database,
      "select row_to_json(d) from (select id, name, description, docker_image, docker_command, docker_environment, created_at, updated_at, status, metadata from jobs order by seq) d",
    ),
  page: async () => (await fetchBytes(`${list}?limit=100&cursor=${Math.floor(count * 0.9)}`)).ms,
});
for (let round = 0; round < sized(3, 1); round += 1) {
  grown.push(await growth(async () => fetchBytes(list)));
  grownByEight.push(await growth(async () => Promise.all(Array.from({ length: 8 }, async () => fetchBytes(list)))));
}

const name = `GET list, ${count.toLocaleString("en-US")}`;
report({
  name,
  unit: "ms",
  values: measured.list,
  limit: { name: "COPY of row_to_json", values: measured.copy },
  goal: { atMost: 1.3 },
});
report({
  name: `${name}, beside the ten documented columns alone`,
  unit: "ms",
  values: measured.list,
  limit: { name: "COPY of row_to_json", values: measured.documented },
});
report({ name: `${name}, first byte`, unit: "ms", values: firstBytes, goal: { atMost: 50 } });
report({ name: `${name}, memory more than before`, unit: "MiB", values: grown, goal: { atMost: 40 } });
report({ name: `${name}, 8 clients at once, memory`, unit: "MiB", values: grownByEight, goal: { atMost: 40 } });
report({ name: "a page of 100 by cursor, nine tenths down the list", unit: "ms", values: measured.page });
