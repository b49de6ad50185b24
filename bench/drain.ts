// 50 experiments that run `true`, on a host with 4 places: from the first POST to all FINISHED, beside `docker run --rm` of the same
// image 50 times, 4 at a time (needs Docker's command line; Debian's docker.io has it). Who waits is told of the last one's end: looking
// would take of the same processor.

import { spawn } from "node:child_process";
import { image } from "../test/support/system.ts";
import { ended, post, toldEnded } from "./frame/experiments.ts";
import { report } from "./frame/figure.ts";
import { Skeduler } from "./frame/process.ts";
import { inTurn, sized, timed } from "./frame/rounds.ts";
import { createWorld } from "./frame/world.ts";

const experiments = sized(50, 4);
await using world = await createWorld();
await using cleanup = new AsyncDisposableStack();
cleanup.use(await Skeduler.start("runner", world.database, { env: { SKEDULER_RUNNER_SLOTS: "4" } }));

async function dockerRun(): Promise<void> {
  const script = `seq ${experiments} | xargs -P4 -I@ docker run --rm ${image} true`;
  const child = spawn("sh", ["-c", script], { stdio: ["ignore", "ignore", "inherit"] });
  const code = await new Promise((resolve) => child.on("exit", resolve));
  if (code !== 0) throw new Error(`docker run failed (${String(code)})`);
}

async function ours(): Promise<void> {
  const posted = await Promise.all(
    Array.from({ length: experiments }, async () => post(world.api, { command: "true" })),
  );
  const last = posted.at(-1);
  if (last !== undefined) await toldEnded(world.api, last.id);
  for (const { id } of posted) await ended(world.api, id);
}

await ours(); // as a server that has been up for a while: an experiment takes the first 50 half as much again of its processor
const measured = await inTurn(
  {
    ours: async () => (await timed(ours)) / 1000,
    docker: async () => (await timed(dockerRun)) / 1000,
  },
  sized(9, 1),
);
report({
  name: `${experiments} × true, 4 places`,
  unit: "s",
  values: measured.ours,
  limit: { name: "xargs -P4 docker run --rm", values: measured.docker },
  goal: { atMost: 1 },
});
