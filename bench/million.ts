// A container prints a million lines: from its start to all of them readable by GET /logs, beside the Engine's own start and
// follow (same driver, with times, one unrotated file); whether each line is there once and in order; memory of both processes.

import { create, follow, remove, start } from "./frame/engine.ts";
import { report } from "./frame/figure.ts";
import { Skeduler } from "./frame/process.ts";
import { inTurn, sized } from "./frame/rounds.ts";
import { createWorld } from "./frame/world.ts";
import { ended, post } from "./frame/experiments.ts";

const lines = sized(1_000_000, 10_000);
await using world = await createWorld();
await using runner = await Skeduler.start("runner", world.database);
const memory: Record<"runner" | "api", number[]> = { runner: [], api: [] };
const perSecond: number[] = [];

/** Throws unless the log's lines are 1 … `lines`, each once, in order. */
async function check(id: string): Promise<void> {
  const response = await world.api.fetch(`/logs/${id}?stream=stdout`);
  const log = Buffer.from(await response.arrayBuffer());
  let at = 0;
  for (let line = 1; line <= lines; line += 1) {
    const end = log.indexOf(0x0a, at);
    const text = log.toString("latin1", at, end);
    if (text !== String(line)) throw new Error(`line ${line} of the log is ${JSON.stringify(text)}`);
    at = end + 1;
  }
  if (at !== log.length) throw new Error(`the log has ${log.length - at} bytes too many`);
}

const measured = await inTurn({
  ours: async () => {
    runner.forgetMost();
    world.api.forgetMost();
    const experiment = await post(world.api, { command: `seq 1 ${lines}` });
    const { attempt } = await ended(world.api, experiment.id, 20);
    await check(experiment.id);
    const to = Date.now();
    memory.runner.push(runner.memory("most"));
    memory.api.push(world.api.memory("most"));
    const seconds = (to - Date.parse(attempt?.started_at ?? "")) / 1000;
    perSecond.push(lines / seconds);
    return seconds;
  },
  engine: async () => {
    const id = await create(["seq", "1", String(lines)]);
    let bytes = 0;
    const from = performance.now();
    await start(id);
    await follow(id, (data) => (bytes += data.length));
    const seconds = (performance.now() - from) / 1000;
    await remove(id);
    if (bytes < lines * 40) throw new Error(`the Engine's log has only ${bytes} bytes`);
    return seconds;
  },
});

report({
  name: `${lines.toLocaleString("en-US")} lines, container's start to all read back`,
  unit: "s",
  values: measured.ours,
  limit: { name: "Engine start and follow", values: measured.engine },
  goal: { atMost: 1.2 },
  note: "every line was checked to be there once and in order",
});
report({ name: "the same, lines", unit: "a second", values: perSecond });
report({ name: "the same, most memory of the runner", unit: "MiB", values: memory.runner, goal: { atMost: 150 } });
report({ name: "the same, most memory of the API", unit: "MiB", values: memory.api, goal: { atMost: 150 } });
