// One experiment after the other: from POST to FINISHED, beside the Engine's create, start and wait; and from the container's end,
// as the Engine tells it, to FINISHED seen by GET, with the log drained. Other containers' ends are nobody's here.

import { create, remove, start, wait } from "./frame/engine.ts";
import { ended, post, toldEnded, until } from "./frame/experiments.ts";
import { quantile, report } from "./frame/figure.ts";
import { Skeduler } from "./frame/process.ts";
import { inTurn, sized, timed } from "./frame/rounds.ts";
import { createWorld } from "./frame/world.ts";

await using world = await createWorld();
await using cleanup = new AsyncDisposableStack();
cleanup.use(await Skeduler.start("runner", world.database));
const rounds = sized(30, 2);
const afterEnd: number[] = [];

await ended(world.api, (await post(world.api, { command: "true" })).id); // a warm-up
const measured = await inTurn(
  {
    told: async () => timed(async () => toldEnded(world.api, (await post(world.api, { command: "true" })).id)),
    looked: async () => timed(async () => ended(world.api, (await post(world.api, { command: "true" })).id)),
    engine: async () => {
      const from = performance.now();
      const id = await create(["true"]);
      await start(id);
      await wait(id);
      const took = performance.now() - from;
      await remove(id);
      return took;
    },
    end: async () => {
      const { id } = await post(world.api, { command: "sh -c 'echo begin; sleep 0.3; echo end'" });
      const { attempt } = await until(world.api, id, (one) => one.attempt?.started_at != null);
      await wait(`skeduler-${attempt?.id ?? ""}`);
      const from = performance.now();
      await ended(world.api, id);
      afterEnd.push(performance.now() - from);
      const log = await (await world.api.fetch(`/logs/${id}?stream=stdout`)).text();
      if (log !== "begin\nend\n") throw new Error(`the log is not whole: ${JSON.stringify(log)}`);
      return afterEnd.at(-1) ?? NaN;
    },
  },
  rounds,
);
const limit = { name: "Engine create, start, wait", values: measured.engine };
report({
  name: "POST to FINISHED seen by GET, once the tail has ended",
  unit: "ms",
  values: measured.told,
  limit,
  goal: { atMost: 1.15 },
});
report({
  name: "POST to FINISHED seen by GET, looked at every 5 ms",
  unit: "ms",
  values: measured.looked,
  limit,
  goal: { atMost: 1.15 },
  note: "to look and to answer takes the two cores from the Engine, which the limit need not share",
});
report({
  name: "the container's end to FINISHED seen by GET, p50",
  unit: "ms",
  values: [quantile(afterEnd, 0.5)],
  goal: { atMost: 30 },
  note: "the end is when the Engine's wait answers, by when it has taken down the container's network",
});
report({ name: "the same, p99", unit: "ms", values: [quantile(afterEnd, 0.99)] });
