// From a line printed to the websocket client: this program writes into a named pipe, the container's `cat` prints what comes out of it,
// and the time runs until the line is back here; beside the same by the Engine's own follow. One clock, and the pipe and the
// container are in both.

import { execFileSync } from "node:child_process";
import { createWriteStream, mkdtempSync, rmSync, type WriteStream } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { WebSocket } from "ws";
import { create, follow, remove, start } from "./frame/engine.ts";
import { ended, post, until } from "./frame/experiments.ts";
import { quantile, report } from "./frame/figure.ts";
import { Skeduler, token } from "./frame/process.ts";
import { sized } from "./frame/rounds.ts";
import { createWorld } from "./frame/world.ts";

const lines = sized(400, 5);
const everyMs = 50;
const rounds = sized(3, 1);

await using cleanup = new AsyncDisposableStack();
const folder = mkdtempSync(join(tmpdir(), "skeduler-bench-tail-"));
cleanup.defer(() => rmSync(folder, { recursive: true, force: true }));
const world = cleanup.use(await createWorld());
cleanup.use(
  await Skeduler.start("runner", world.database, { env: { SKEDULER_CONTAINER_MOUNTS: JSON.stringify([folder]) } }),
);

/** A pipe that a container reads at /pipe/NAME. */
function pipe(name: string): () => WriteStream {
  execFileSync("mkfifo", [join(folder, name)]);
  return () => createWriteStream(join(folder, name));
}

class Clock {
  readonly took: number[] = [];
  readonly #sent = new Map<number, number>();
  readonly #pattern = /tick (\d+)/g;

  /** Writes the lines, one every `everyMs`, and closes the pipe, which ends the container. */
  async write(into: WriteStream): Promise<void> {
    for (let n = 0; n < lines; n += 1) {
      await sleep(everyMs * (0.5 + Math.random()));
      this.#sent.set(n, performance.now());
      into.write(`tick ${n}\n`);
    }
    await sleep(everyMs);
    into.end();
  }

  seen(data: Buffer): void {
    const now = performance.now();
    for (const [, n] of data.toString("latin1").matchAll(this.#pattern)) {
      const sent = this.#sent.get(Number(n));
      if (sent === undefined) throw new Error(`line ${String(n)} came twice, or was never written`);
      this.#sent.delete(Number(n));
      this.took.push(now - sent);
    }
  }

  /** Without the first tenth, which find nothing warm: p99 is that of 360, not the worst of them. */
  steady(): number[] {
    if (this.took.length !== lines) throw new Error(`${lines - this.took.length} lines did not come`);
    return this.took.slice(lines / 10);
  }
}

async function ours(name: string): Promise<number[]> {
  const open = pipe(name);
  const { id } = await post(world.api, { command: `cat /pipe/${name}`, volumes: [`${folder}:/pipe`] });
  await until(world.api, id, (one) => one.attempt?.started_at != null);
  const clock = new Clock();
  const socket = new WebSocket(`${world.api.url.replace("http", "ws")}/logs/${id}/tail?ws&stream=stdout`, {
    headers: { Authorization: token },
  });
  const closed = new Promise((resolve) => socket.on("close", resolve));
  socket.on("message", (data: Buffer) => clock.seen(data));
  await new Promise((resolve) => socket.on("open", resolve));
  await clock.write(open());
  await ended(world.api, id, 20);
  await closed;
  return clock.steady();
}

async function engine(name: string): Promise<number[]> {
  const open = pipe(name);
  const id = await create(["cat", `/pipe/${name}`], { Binds: [`${folder}:/pipe:ro`] });
  await start(id);
  const clock = new Clock();
  const following = follow(id, (data) => clock.seen(data));
  await clock.write(open());
  await following;
  await remove(id);
  return clock.steady();
}

const all: Record<"ours" | "engine", number[][]> = { ours: [], engine: [] };
for (let round = 0; round < rounds; round += 1) {
  all.ours.push(await ours(`ours-${round}`));
  all.engine.push(await engine(`engine-${round}`));
}
for (const [percentile, q, atMost] of [
  ["p50", 0.5, 3],
  ["p99", 0.99, 10],
] as const) {
  const of = (which: "ours" | "engine"): number[] => all[which].map((took) => quantile(took, q));
  const alone = of("engine");
  report({
    name: `line printed to websocket client, ${percentile}`,
    unit: "ms",
    values: of("ours"),
    goal: { atMost },
    note: `the Engine's own follow: ${alone.map((ms) => ms.toFixed(2)).join(", ")} ms`,
  });
}
