// 50 experiments that run `true`, on a host with 4 places: from the first POST until none is left, beside `docker run --rm` of the
// same image 50 times, 4 at a time (needs Docker's command line; Debian's docker.io has it). Who waits is told of the end of the last
// ones: looking would take of the same processor. Each comes after one of its own kind, as with a server that has been up for a while:
// what 50 times `docker run` leave in the Engine slows down what follows by 2 to 7 % (docs/performance-runner.md).

import { spawn } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import { image } from "../test/support/system.ts";
import { post, toldEnded } from "./frame/experiments.ts";
import { report } from "./frame/figure.ts";
import { Skeduler } from "./frame/process.ts";
import { inTurn, sized, timed } from "./frame/rounds.ts";
import { createWorld } from "./frame/world.ts";

const experiments = sized(50, 4);
const places = 4;
/** By then what has ended is removed, ms. */
const rest = sized(1_000, 0);
await using world = await createWorld();
await using cleanup = new AsyncDisposableStack();
cleanup.use(await Skeduler.start("runner", world.database, { env: { SKEDULER_RUNNER_SLOTS: String(places) } }));

async function dockerRun(): Promise<void> {
  const script = `seq ${experiments} | xargs -P${places} -I@ docker run --rm ${image} true`;
  const child = spawn("sh", ["-c", script], { stdio: ["ignore", "ignore", "inherit"] });
  const code = await new Promise((resolve) => child.on("exit", resolve));
  if (code !== 0) throw new Error(`docker run failed (${String(code)})`);
}

async function ours(): Promise<void> {
  const posted = await Promise.all(
    Array.from({ length: experiments }, async () => post(world.api, { command: "true" })),
  );
  await Promise.all(posted.slice(-places).map(async ({ id }) => toldEnded(world.api, id)));
  while (!(await areNone("ENQUEUED,RUNNING"))) await sleep(5);
  if (!(await areNone("CANCELLED"))) throw new Error("some experiments were cancelled");
}

async function areNone(status: string): Promise<boolean> {
  return (await world.api.ask("GET", `/experiments?status=${status}&limit=1`)).toString() === "[]";
}

/** Seconds. */
async function afterItsLike(work: () => Promise<void>): Promise<number> {
  await work();
  await sleep(rest);
  return (await timed(work)) / 1000;
}

const measured = await inTurn(
  { ours: async () => afterItsLike(ours), docker: async () => afterItsLike(dockerRun) },
  sized(9, 1),
);
report({
  name: `${experiments} × true, ${places} places`,
  unit: "s",
  values: measured.ours,
  limit: { name: "xargs -P4 docker run --rm", values: measured.docker },
  goal: { atMost: 1 },
});
