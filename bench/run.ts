// npm run bench: every bench in turn on one machine, with a durable Postgres and a real Engine of their own; keeps what they
// report (bench/frame/results.ts). `npm run bench -- NAME…` runs some, `--quick` only shows that they work and keeps nothing.
// A bench that cannot run says why in a sentence; the others go on.

import { spawn } from "node:child_process";
import { existsSync, globSync } from "node:fs";
import { basename } from "node:path";
import { createInterface } from "node:readline";
import { UserError } from "../runtime/errors.ts";
import { provide } from "../test/support/provide.ts";
import type { Figure } from "./frame/figure.ts";
import { describeMachine } from "./frame/machine.ts";
import { keep, table } from "./frame/results.ts";

const folder = import.meta.dirname;
const say = (line: string): void => {
  process.stdout.write(`${line}\n`);
};

function namesOf(asked: readonly string[]): string[] {
  const all = globSync(`${folder}/*.ts`)
    .map((file) => basename(file, ".ts"))
    .filter((name) => name !== "run")
    .sort();
  const unknown = asked.find((name) => !existsSync(`${folder}/${name}.ts`) || name === "run");
  if (unknown !== undefined) throw new UserError(`There is no bench ${unknown}: there are ${all.join(", ")}.`);
  return asked.length === 0 ? all : [...asked];
}

/** The figures of one bench; undefined where it failed or could not run, which it has said itself. */
async function run(name: string, env: NodeJS.ProcessEnv): Promise<Figure[] | undefined> {
  // A group of its own, to be ended with all that it started.
  const child = spawn(process.execPath, [`${folder}/${name}.ts`], {
    env,
    stdio: ["ignore", "pipe", "inherit"],
    detached: true,
  });
  const stop = (): void => {
    if (child.pid !== undefined) process.kill(-child.pid, "SIGTERM");
  };
  process.on("SIGINT", stop).on("SIGTERM", stop);
  const ended = new Promise((resolve) => child.on("exit", resolve));
  const figures: Figure[] = [];
  for await (const line of createInterface({ input: child.stdout })) {
    if (line.startsWith('{"name":')) figures.push(JSON.parse(line) as Figure);
    else say(line);
  }
  const code = await ended;
  process.off("SIGINT", stop).off("SIGTERM", stop);
  return code === 0 ? figures : undefined;
}

async function main(): Promise<void> {
  const words = process.argv.slice(2);
  const quick = words.includes("--quick");
  const names = namesOf(words.filter((word) => word !== "--quick"));
  await using provided = await provide({ durable: true, log: say });
  const machine = await describeMachine(provided.database, provided.engineHost);
  const env = { ...provided.env, BENCH_QUICK: quick ? "1" : "" };
  for (const name of names) {
    const figures = await run(name, env);
    if (figures === undefined) {
      say(`bench ${name} failed`);
      process.exitCode = 1;
    } else if (figures.length > 0) {
      say(`${name}\n${table(figures)}`);
      if (!quick) keep(name, { date: new Date().toISOString().slice(0, 10), machine, figures });
    }
  }
}

try {
  await main();
} catch (error) {
  if (!(error instanceof UserError)) throw error;
  say(error.message);
  process.exitCode = 1;
}
