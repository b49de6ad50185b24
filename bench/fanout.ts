// Many websocket clients on one growing log, ten lines a second: from the line's commit to each client, and what the server
// asks Postgres for meanwhile. Clients and server need a file each per connection: checked at the start.

import { readFileSync } from "node:fs";
import { Notifier } from "../runtime/database/notifier.ts";
import { createPool } from "../runtime/database/pool.ts";
import { appendLog } from "../runtime/database/statements/append-log.ts";
import { createLog } from "../runtime/log.ts";
import { quantile, report } from "./frame/figure.ts";
import { sized } from "./frame/rounds.ts";
import { chunkOf, endLog, startLog } from "./frame/stored-log.ts";
import { tail } from "./frame/websocket.ts";
import { createWorld } from "./frame/world.ts";

const lines = sized(100, 20);
const every = 100; // ms
const spare = 200; // files that are no clients

const limit = Number(/^Max open files +(\d+)/m.exec(readFileSync("/proc/self/limits", "utf8"))?.[1]);
await using world = await createWorld();
const pool = createPool({ url: world.database, max: 2, name: "bench", log: createLog("error") });
const notifier = new Notifier(pool, createLog("error"));

async function statements(): Promise<number> {
  const { rows } = await world.sql.query<{ n: string }>(
    "select xact_commit + xact_rollback as n from pg_stat_database where datname = current_database()",
  );
  return Number(rows[0]?.n);
}

async function measure(clients: number, goal: number): Promise<void> {
  if (limit < clients + spare) {
    process.stdout.write(
      `${clients} clients need ${clients + spare} open files, and this shell allows ${limit}: ulimit -n ${clients + spare}\n`,
    );
    return;
  }
  const log = await startLog(world.sql);
  const took: number[] = [];
  const tails = [];
  for (let n = 0; n < clients; n += 1) {
    tails.push(tail(world.api.url, log.experiment, (bytes) => took.push(now() - Number(bytes.toString("latin1")))));
    if (n % 100 === 99) await Promise.all(tails.slice(-100).map(async (one) => one.opened));
  }
  await Promise.all(tails.map(async (one) => one.opened));
  const before = world.api.memory();
  const [cpu, asked] = [world.api.cpu(), await statements()];
  for (let seq = 0; seq < lines; seq += 1) {
    const line = chunkOf([Buffer.from(`${now()}\n`)]);
    const place = { experimentId: log.experiment, attemptId: log.attempt, seq };
    await notifier.growing(place, line, async (payload) =>
      appendLog(pool, { attemptId: log.attempt, epoch: "1", seq, chunk: line, position: {}, payload }),
    );
    await new Promise((resolve) => setTimeout(resolve, every));
  }
  await endLog(world.sql, log);
  notifier.changed(log.experiment);
  const counts = await Promise.all(tails.map(async (one) => one.ended));
  const complete = counts.filter((count) => count === lines).length;
  const per = (await statements()) - asked;
  const name = `${clients.toLocaleString("en-US")} websocket clients on one log`;
  report({ name: `${name}, p50`, unit: "ms", values: [quantile(took, 0.5)] });
  report({ name: `${name}, p99`, unit: "ms", values: [quantile(took, 0.99)], goal: { atMost: goal } });
  report({
    name: `${name}, share that got every line`,
    unit: "%",
    values: [(100 * complete) / clients],
    goal: { atLeast: 100 },
  });
  report({ name: `${name}, transactions of all in Postgres per line`, unit: "", values: [per / lines] });
  report({ name: `${name}, memory of the API`, unit: "MiB", values: [before] });
  report({
    name: `${name}, processor of the API`,
    unit: "%",
    values: [(100 * (world.api.cpu() - cpu)) / ((lines * every) / 1000)],
  });
}

/** ms with fractions, the same in every process of the machine. */
function now(): number {
  return performance.timeOrigin + performance.now();
}

await measure(1, 10);
await measure(500, 25);
await measure(sized(5_000, 1_000), 250);
await notifier.idle();
await pool.end();
