// What notifications cost whoever changes a status: the statements of POST (200 experiments at once, and one) and of a cancel,
// in one database with nobody to be told, without the triggers at all (the limit), and with one target. Interleaved.
// npm run bench -- notifications

import { randomUUID } from "node:crypto";
import { createPool } from "../runtime/database/pool.ts";
import { changeExperiment } from "../runtime/database/statements/change-experiment.ts";
import { createExperiments } from "../runtime/database/statements/create-experiments.ts";
import { registerTargets } from "../runtime/database/statements/notifications.ts";
import { statuses } from "../runtime/experiment/states.ts";
import { createLog } from "../runtime/log.ts";
import { createTestDatabase } from "../test/support/database.ts";
import { report } from "./frame/figure.ts";
import { sized } from "./frame/rounds.ts";

const rounds = sized(60, 5);
const database = await createTestDatabase();
const db = createPool({ url: database.url, max: 1, name: "bench", log: createLog("error") });
const body = JSON.stringify({
  name: "bench",
  docker: { image: "busybox", command: "true" },
  metadata: { k: [1, 2, 3] },
});
const task = "notify-bench";
const target = { name: "all", called: "all", task, statuses, owners: [], names: [], byDefault: true };

async function make(count: number): Promise<string[]> {
  const rows = Array.from({ length: count }, () => ({ id: randomUUID(), body, owner: "o", retries: null, after: [] }));
  await createExperiments(db, rows);
  return rows.map(({ id }) => id);
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const from = performance.now();
  await work();
  return performance.now() - from;
}

const settings = {
  none: async () => {
    await db.query(
      "alter table public.jobs disable trigger skeduler_note_inserted, disable trigger skeduler_note_updated",
    );
  },
  nobody: async () => {
    await db.query(
      "alter table public.jobs enable trigger skeduler_note_inserted, enable trigger skeduler_note_updated",
    );
  },
  target: async () => registerTargets(db, [task], [target]),
} as const;
type Setting = keyof typeof settings;
const took: Record<string, Record<Setting, number[]>> = {};

for (let round = -3; round < rounds; round++) {
  for (const setting of Object.keys(settings) as Setting[]) {
    await settings[setting]();
    const note = (what: string, ms: number): void => {
      if (round >= 0) (took[what] ??= { none: [], nobody: [], target: [] })[setting].push(ms);
    };
    note("POST of 200", await timed(async () => make(200)));
    const ids: string[] = [];
    note(
      "20 POSTs of one",
      await timed(async () => {
        for (let n = 0; n < 20; n++) ids.push(...(await make(1)));
      }),
    );
    note(
      "20 cancels",
      await timed(async () => {
        for (const id of ids) await changeExperiment(db, { id, body: '{"status":"CANCELLED"}', owner: "o" });
      }),
    );
  }
  await registerTargets(db, [task], []);
  await db.query("truncate skeduler.notifications");
  await db.query("select graphile_worker.complete_jobs(array(select id from graphile_worker.jobs))");
}
await db.end();
await database.drop();

for (const [what, { none, nobody, target: one }] of Object.entries(took)) {
  const limit = { name: "without the triggers", values: none };
  report({ name: `${what}, nobody to be told`, unit: "ms", values: nobody, limit, goal: { atMost: 1.05 } });
  report({ name: `${what}, one target`, unit: "ms", values: one, limit });
}
