// Reading stored logs: a million lines (39 MB) by GET /logs beside COPY of the same rows, by the HTTP tail and by websocket;
// and of a log that is far larger its last 1,000 lines, a range in its middle, and what reading it whole costs in memory.

import { fetchBytes } from "./frame/fetch-bytes.ts";
import { report } from "./frame/figure.ts";
import { copyMs } from "./frame/psql.ts";
import { inTurn, sized, timed } from "./frame/rounds.ts";
import { storeLog } from "./frame/stored-log.ts";
import { tail } from "./frame/websocket.ts";
import { createWorld } from "./frame/world.ts";

await using world = await createWorld();
const log = await storeLog(world.sql, 1_000_000);
const large = await storeLog(world.sql, sized(40_000_000, 2_000_000));
await world.sql.query("vacuum analyze skeduler.log_chunks");
await world.sql.query("checkpoint");
const logs = `${world.api.url}/logs`;

async function read(path: string, bytes: number, headers: Record<string, string> = {}): Promise<number> {
  const fetched = await fetchBytes(`${logs}/${path}`, headers);
  if (fetched.bytes !== bytes) throw new Error(`${path} gave ${fetched.bytes} bytes, not ${bytes}`);
  return fetched.ms;
}

await read(log.experiment, log.bytes); // a warm-up
const middle = Math.floor(large.bytes / 2);
const measured = await inTurn({
  whole: async () => read(log.experiment, log.bytes),
  copy: async () =>
    copyMs(
      world.database,
      `select * from skeduler.log_chunks where attempt_id = '${log.attempt}' order by seq`,
      "binary",
    ),
  http: async () => read(`${log.experiment}/tail`, log.bytes),
  websocket: async () =>
    timed(async () => {
      const lines = await tail(world.api.url, log.experiment).ended;
      if (lines !== log.lines) throw new Error(`${lines} messages, not ${log.lines}`);
    }),
  last: async () => read(`${large.experiment}?tail=1000`, 1000 * (large.bytes / large.lines)),
  range: async () => read(large.experiment, 1000, { Range: `bytes=${middle}-${middle + 999}` }),
  lastOfSmall: async () => read(`${log.experiment}?tail=1000`, 1000 * (log.bytes / log.lines)),
});
const before = world.api.memory();
world.api.forgetMost();
const largeMs = await read(large.experiment, large.bytes);
const grown = world.api.memory("most") - before;

const size = `${(large.bytes / 1e9).toPrecision(2)} GB`;
report({
  name: "GET /logs of 39 MB, speed",
  unit: "MB/s",
  values: measured.whole.map((ms) => log.bytes / 1000 / ms),
  limit: { name: "COPY (binary)", values: measured.copy.map((ms) => log.bytes / 1000 / ms) },
  goal: { atLeast: 0.6 },
});
report({ name: "a million lines by the HTTP tail", unit: "ms", values: measured.http, goal: { atMost: 600 } });
report({ name: "a million lines by ?ws", unit: "ms", values: measured.websocket, goal: { atMost: 1200 } });
report({ name: `the last 1,000 lines of ${size}`, unit: "ms", values: measured.last, goal: { atMost: 50 } });
report({ name: "the last 1,000 lines of 39 MB", unit: "ms", values: measured.lastOfSmall });
report({ name: `a range in the middle of ${size}`, unit: "ms", values: measured.range, goal: { atMost: 50 } });
report({ name: `GET /logs of ${size}, speed`, unit: "MB/s", values: [large.bytes / 1000 / largeMs] });
report({ name: `GET /logs of ${size}, memory more than before`, unit: "MiB", values: [grown], goal: { atMost: 40 } });
