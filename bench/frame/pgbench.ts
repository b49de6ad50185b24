// The limit: what Postgres alone does with one statement, by pgbench (Debian: the package postgresql-15; it need not be of
// the server's version). Missing: one sentence.

import { spawn } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { UserError } from "../../runtime/errors.ts";
import { quantile } from "./figure.ts";
import type { Loaded } from "./load.ts";

export interface PgBench {
  readonly database: string;
  /** One SQL statement; no colon in a literal, pgbench takes it for a variable. */
  readonly statement: string;
  readonly connections: number;
  readonly seconds: number;
}

export async function pgbench({ database, statement, connections, seconds }: PgBench): Promise<Loaded> {
  const folder = mkdtempSync(join(tmpdir(), "skeduler-pgbench-"));
  try {
    writeFileSync(join(folder, "one.sql"), `${statement};\n`);
    const words = [
      "-n",
      "-M",
      "prepared",
      "-f",
      "one.sql",
      "-c",
      String(connections),
      "-j",
      "2",
      "-T",
      String(seconds),
    ];
    const output = await run([...words, "-l", "--log-prefix=took", database], folder);
    const took = readdirSync(folder)
      .filter((name) => name.startsWith("took"))
      .flatMap((name) => readFileSync(join(folder, name), "utf8").trim().split("\n"))
      .map((line) => Number(line.split(" ")[2]) / 1000);
    const perSecond = Number(/^tps = ([\d.]+)/m.exec(output)?.[1]);
    return { perSecond, p50: quantile(took, 0.5), p99: quantile(took, 0.99) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function run(words: readonly string[], cwd: string): Promise<string> {
  const child = spawn("pgbench", words, { cwd, stdio: ["ignore", "pipe", "pipe"] });
  let [said, complained] = ["", ""];
  child.stdout.on("data", (text: Buffer) => (said += text.toString()));
  child.stderr.on("data", (text: Buffer) => (complained += text.toString()));
  const code = await new Promise((resolve, reject) => {
    child.on("close", resolve);
    child.on("error", (cause) =>
      reject(
        new UserError("pgbench is not installed: apt-get install postgresql-15 (Debian 12) brings it.", { cause }),
      ),
    );
  });
  if (code !== 0) throw new Error(`pgbench failed: ${complained}`);
  return said;
}
