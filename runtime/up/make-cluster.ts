// Makes a new Postgres data folder with its password and the database `skeduler` in it, whole or not at all:
// it grows under another name and is renamed when it is complete, so a start that was cut off begins afresh.
import { chownSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { UserError } from "../errors.ts";
import type { PostgresBinaries } from "./postgres-binaries.ts";
import { run } from "./processes.ts";
import type { RunOptions } from "./processes.ts";
import type { Owner } from "./system-user.ts";

/** The superuser of the cluster, which is the installation's role. */
export const roleName = "skeduler";
export const databaseName = "skeduler";

/** Makes `base`/data, unless it is there. */
export async function makeCluster(
  base: string,
  binaries: PostgresBinaries,
  user: Owner | undefined,
  options: { durable: boolean; log: (line: string) => void },
): Promise<void> {
  const data = join(base, "data");
  if (existsSync(data)) {
    checkVersion(data, binaries);
    return;
  }
  options.log(`making a Postgres data folder in ${data}`);
  const growing = join(base, "data.new");
  rmSync(growing, { recursive: true, force: true });
  mkdirSync(growing, { mode: 0o700 });
  if (user !== undefined) chownSync(growing, user.uid, user.gid);
  const as = { ...user, env: postgresEnvironment() };
  const settings = ["--username", roleName, "--encoding", "UTF8", "--locale", "C"];
  const locale = ["--locale-provider", "builtin", "--builtin-locale", "C.UTF-8"];
  const access = ["--auth", "scram-sha-256", "--pwfile", writePassword(base, user)];
  const sync = options.durable ? [] : ["--no-sync"];
  await must(binaries.initdb, ["-D", growing, ...settings, ...locale, ...access, ...sync], as);
  const input = `create database ${databaseName};\n`;
  await must(binaries.postgres, ["--single", "-D", growing, "postgres"], { ...as, input });
  renameSync(growing, data);
}

/** The generated password of the role. */
export function readPassword(base: string): string {
  try {
    return readFileSync(join(base, "password"), "utf8").trim();
  } catch (cause) {
    throw new UserError(`The password of the embedded Postgres cannot be read from ${join(base, "password")}.`, {
      cause,
    });
  }
}

/** The environment for Postgres: ours without the variables that steer it elsewhere. */
export function postgresEnvironment(): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(([name]) => !/^(PG|LC_|LANG|SKEDULER_)/.test(name));
  return { ...Object.fromEntries(kept), LC_ALL: "C" };
}

function writePassword(base: string, user: Owner | undefined): string {
  const file = join(base, "password");
  writeFileSync(file, `${randomBytes(24).toString("base64url")}\n`, { mode: 0o600 });
  if (user !== undefined) chownSync(file, user.uid, user.gid);
  return file;
}

function checkVersion(data: string, binaries: PostgresBinaries): void {
  const version = readFileSync(join(data, "PG_VERSION"), "utf8").trim();
  if (version === binaries.major) return;
  throw new UserError(
    `The data in ${data} were written by Postgres ${version}, but this is Postgres ${binaries.major}: ` +
      "move them with pg_dump, or go back to the version of Skeduler that wrote them.",
  );
}

async function must(command: string, args: readonly string[], options: RunOptions): Promise<void> {
  const ran = await run(command, args, options);
  if (ran.code === 0 && !/^.*(ERROR|FATAL|PANIC):/m.test(ran.output)) return;
  const said = ran.output.trim().split("\n").slice(-4).join(" | ");
  throw new UserError(`The Postgres data folder could not be made (${command}): ${said}`);
}
