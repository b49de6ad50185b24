// npm test: provides what the suite needs (a Docker Engine, a Postgres), runs every test/**/*.test.ts (or those named),
// then looks for what was left behind: a container, a database, a process. A leak fails the run like a failed test.

import { spawn } from "node:child_process";
import { globSync, readdirSync, readFileSync } from "node:fs";
import pg from "pg";
import { UserError } from "../runtime/errors.ts";
import { notedInstallations, removeLeftContainers } from "./support/installations.ts";
import { provide, type Provided } from "./support/provide.ts";

/** A phase of the suite: its files run `concurrency` at a time. Times in ms, which a slow machine does not reach. */
interface Phase {
  readonly files: readonly string[];
  readonly concurrency: number;
  /** A test that takes longer fails; what it began may still run and keep its file from ending. */
  readonly limit: number;
  /** After it the phase is ended with whatever runs. */
  readonly budget: number;
}

const minutes = 60_000;

/** Chaos needs the machine for itself: it runs alone, when all else is done. */
const isChaos = (file: string): boolean => file.startsWith("test/chaos/");

function phasesOf(files: readonly string[]): Phase[] {
  const phases = [
    { files: files.filter((file) => !isChaos(file)), concurrency: 2, limit: 6 * minutes, budget: 22 * minutes },
    { files: files.filter(isChaos), concurrency: 1, limit: 10 * minutes, budget: 12 * minutes },
  ];
  return phases.filter((phase) => phase.files.length > 0);
}

const say = (line: string): void => {
  process.stdout.write(`npm test: ${line}\n`);
};

function filesOf(asked: readonly string[]): string[] {
  if (asked.length === 0) return globSync("test/**/*.test.ts").sort();
  return asked.flatMap((name) => (name.endsWith(".ts") ? [name] : globSync(`${name}/**/*.test.ts`).sort()));
}

async function runTests({ files, concurrency, limit, budget }: Phase, env: NodeJS.ProcessEnv): Promise<number> {
  const bounds = [`--test-concurrency=${concurrency}`, `--test-timeout=${limit}`];
  const words = ["--test", "--test-reporter=spec", ...bounds, ...files];
  const child = spawn(process.execPath, words, { stdio: "inherit", env });
  const stop = (): void => {
    child.kill("SIGTERM");
  };
  process.on("SIGINT", stop).on("SIGTERM", stop);
  const over = setTimeout(() => {
    say(`ended, as it took longer than ${budget / minutes} minutes; what still runs is named below`);
    stop();
  }, budget);
  return new Promise((resolve) => {
    child.on("exit", (code) => {
      clearTimeout(over);
      resolve(code ?? 1);
    });
  });
}

/** What the tests left in Docker and Postgres, a sentence each. */
async function leaks({ engineHost, folder, database }: Provided): Promise<string[]> {
  const found = await removeLeftContainers(engineHost, notedInstallations(folder));
  const client = new pg.Client({ connectionString: database });
  await client.connect();
  const { rows } = await client.query<{ datname: string }>(
    "select datname from pg_database where datname like 'test_%' and datname <> 'test_template'",
  );
  await client.end();
  found.push(...rows.map((row) => `the database ${row.datname} was left behind`));
  return found;
}

/** Processes whose environment carries this run's mark. */
function processesOf(mark: string): number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .filter((name) => {
      try {
        return readFileSync(`/proc/${name}/environ`, "latin1").includes(mark);
      } catch {
        return false; // gone, or another user's
      }
    })
    .map(Number);
}

function commandOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "latin1").replaceAll("\0", " ").trim();
  } catch {
    return "ended meanwhile";
  }
}

async function main(): Promise<number> {
  const files = filesOf(process.argv.slice(2));
  if (files.length === 0) throw new UserError("There is no test of that name.");
  await using provided = await provide({ durable: false, log: say });
  const { env, mark } = provided;
  let code = 0;
  for (const phase of phasesOf(files)) code ||= await runTests(phase, env);
  const left = await leaks(provided);
  for (const pid of processesOf(mark)) {
    left.push(`the process ${pid} was left behind: ${commandOf(pid)}`);
    process.kill(pid, "SIGKILL");
  }
  for (const sentence of left) say(sentence);
  return code === 0 && left.length > 0 ? 1 : code;
}

try {
  process.exitCode = await main();
} catch (error) {
  if (!(error instanceof UserError)) throw error;
  say(error.message);
  process.exitCode = 1;
}
