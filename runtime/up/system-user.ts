// The unprivileged user that Postgres runs as when we are root, and what that user can reach.
// Never the system user `postgres`, which may own another cluster. Away from root there is nothing to do: we are that user.
import { cpSync, existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { UserError } from "../errors.ts";
import { run } from "./processes.ts";

/** Where things go that the user must reach when the checkout is in a home that only root may enter. */
export const reachableRoot = "/var/lib/skeduler";

const userName = "skeduler";

export interface Owner {
  readonly uid: number;
  readonly gid: number;
}

/** As root: the system user `skeduler`, made if it is not there. Otherwise undefined. */
export async function unprivilegedUser(log: (line: string) => void): Promise<Owner | undefined> {
  if (process.getuid?.() !== 0) return undefined;
  const known = await lookUp();
  if (known !== undefined) return known;
  log(`adding the system user ${userName}, because Postgres refuses to run as root`);
  const shell = existsSync("/usr/sbin/nologin") ? "/usr/sbin/nologin" : "/bin/false";
  const words = [
    "--system",
    "--user-group",
    "--no-create-home",
    "--home-dir",
    "/nonexistent",
    "--shell",
    shell,
    userName,
  ];
  const ran = await run("useradd", words).catch((error: unknown) => ({ code: 127, output: String(error) }));
  const made = await lookUp(); // another start may have made it meanwhile
  if (made !== undefined) return made;
  throw new UserError(
    `Postgres refuses to run as root, and the system user ${userName} could not be added (${ran.output.trim()}). ` +
      "Add it by hand, run as another user, or name a database in the configuration.",
  );
}

/** Whether the user may enter this folder; undefined stands for ourselves. */
export async function canReach(folder: string, user: Owner | undefined): Promise<boolean> {
  if (user === undefined) return true;
  return (await run("/bin/sh", ["-c", 'test -x "$0"', folder], user)).code === 0;
}

/** Makes a folder below `reachableRoot`, which everybody may enter. */
export function makeReachable(folder: string): void {
  mkdirSync(folder, { recursive: true, mode: 0o755 });
}

/** Copies a folder where the user can reach it, whole or not at all; one that is there already is kept. */
export function copyOnce(from: string, to: string): void {
  if (existsSync(to)) return;
  makeReachable(dirname(to));
  const fresh = mkdtempSync(`${to}.`);
  try {
    cpSync(from, join(fresh, "copy"), { recursive: true, verbatimSymlinks: true });
    renameSync(join(fresh, "copy"), to);
  } catch (error) {
    if (!existsSync(to)) throw error; // otherwise another start was faster
  } finally {
    rmSync(fresh, { recursive: true, force: true });
  }
}

async function lookUp(): Promise<Owner | undefined> {
  const [uid, gid] = [await run("id", ["-u", userName]), await run("id", ["-g", userName])];
  if (uid.code !== 0 || gid.code !== 0) return undefined;
  return { uid: Number(uid.output), gid: Number(gid.output) };
}
