// What a Postgres data folder says about the server that runs on it: the lines of postmaster.pid, checked against the process.
// A pid alone is not trusted: the process must be a postgres whose working folder is this very data folder.
import { readFileSync, rmSync } from "node:fs";
import { basename, join } from "node:path";
import { end, isAlive, processFact, run } from "./processes.ts";

export interface Postmaster {
  readonly pid: number;
  readonly port: number;
  /** It takes connections. */
  readonly ready: boolean;
}

/** The server that runs on this data folder, undefined where none does (a stale postmaster.pid included). */
export async function findPostmaster(data: string): Promise<Postmaster | undefined> {
  const lines = pidLines(data);
  const pid = Number(lines[0]);
  if (!Number.isSafeInteger(pid) || pid <= 1 || !isAlive(pid) || !(await isPostgresOn(pid, data))) return undefined;
  return { pid, port: Number(lines[3] ?? 0), ready: lines[7]?.trim() === "ready" };
}

/**
 * Removes a postmaster.pid whose number now belongs to a process that is no Postgres of ours. Postgres itself removes
 * one whose process is gone, but refuses to start when the number was given to someone else (after a reboot, say).
 */
export async function removeStalePid(data: string): Promise<void> {
  const pid = Number(pidLines(data)[0]);
  if (!Number.isSafeInteger(pid) || !isAlive(pid) || (await isPostgresOn(pid, data))) return;
  rmSync(join(data, "postmaster.pid"), { force: true });
}

/** Fast shutdown; immediate after 10 s (the next start recovers); false when even that did not end it. */
export async function stopPostmaster(data: string): Promise<boolean> {
  const server = await findPostmaster(data);
  if (server === undefined) return true;
  return end(server.pid, [
    ["SIGINT", 10_000],
    ["SIGQUIT", 10_000],
    ["SIGKILL", 5_000],
  ]);
}

async function isPostgresOn(pid: number, data: string): Promise<boolean> {
  const folder = processFact(pid, "cwd");
  if (folder !== undefined) return folder === data && basename(processFact(pid, "exe") ?? "") === "postgres";
  if (process.platform === "linux") return false; // another user's process
  const ran = await run("ps", ["-o", "command=", "-p", String(pid)]);
  return ran.output.includes("postgres") && ran.output.includes(data);
}

function pidLines(data: string): string[] {
  try {
    return readFileSync(join(data, "postmaster.pid"), "utf8").split("\n");
  } catch {
    return [];
  }
}
