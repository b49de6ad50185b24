// Processes that outlive us: started in a session of their own, found again by their pid, waited for until they are gone.
// Trusts /proc where there is one; a pid alone proves nothing, so callers compare what the process is.
import { spawn } from "node:child_process";
import { closeSync, openSync, readFileSync, readlinkSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";

/** What a command that ran to its end left: its exit code (or the signal's name) and everything that it printed. */
export interface Ran {
  readonly code: number | string;
  readonly output: string;
}

export interface RunOptions {
  readonly uid?: number;
  readonly gid?: number;
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
  readonly input?: string;
  /** Called with each line as it comes. */
  readonly onLine?: (line: string) => void;
}

/** Runs a command to its end; a command that cannot be started rejects. */
export async function run(command: string, args: readonly string[], options: RunOptions = {}): Promise<Ran> {
  const { onLine, input, ...rest } = options;
  const { promise, resolve, reject } = Promise.withResolvers<Ran>();
  const child = spawn(command, args, { cwd: "/", ...rest, stdio: ["pipe", "pipe", "pipe"] });
  let output = "";
  let unfinished = "";
  const take = (part: string): void => {
    output += part;
    const lines = (unfinished + part).split("\n");
    unfinished = lines.pop() ?? "";
    if (onLine !== undefined) lines.forEach((line) => onLine(line));
  };
  child.stdout.setEncoding("utf8").on("data", take);
  child.stderr.setEncoding("utf8").on("data", take);
  child.stdin.on("error", () => undefined); // a command that reads no input closes it early
  child.stdin.end(input ?? "");
  child.on("error", reject);
  child.on("close", (code, signal) => {
    resolve({ code: code ?? signal ?? 1, output });
  });
  return promise;
}

/** Starts a process in a session of its own, so that neither Ctrl-C nor our death reaches it; its output goes to a file. */
export async function startDetached(
  command: string,
  args: readonly string[],
  options: { logFile: string; uid?: number; gid?: number; env?: NodeJS.ProcessEnv },
): Promise<number> {
  const { logFile, ...rest } = options;
  const log = openSync(logFile, "a", 0o600);
  try {
    const child = spawn(command, args, { cwd: "/", ...rest, detached: true, stdio: ["ignore", log, log] });
    child.unref();
    const { promise, resolve, reject } = Promise.withResolvers<number>();
    child.once("error", reject);
    child.once("spawn", () => {
      resolve(child.pid ?? 0);
    });
    return await promise;
  } finally {
    closeSync(log);
  }
}

/** Whether a process lives; a zombie that nobody has reaped does not. */
export function isAlive(pid: number): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    return !/^[ZX]/.test(stat.slice(stat.lastIndexOf(")") + 2));
  } catch {
    // No such process, or no /proc on this system: then ask by signal 0.
  }
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}

/** What /proc says of a process, undefined where it says nothing (gone, another user's, or no /proc). */
export function processFact(pid: number, fact: "cwd" | "exe"): string | undefined {
  try {
    return readlinkSync(`/proc/${pid}/${fact}`).replace(/ \(deleted\)$/, "");
  } catch {
    return undefined;
  }
}

/** The words that a process was started with. */
export function processWords(pid: number): string[] {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0");
  } catch {
    return [];
  }
}

/** Asks again every 50 ms until it is so (true) or the time is over (false). */
export async function eventually(milliseconds: number, isSo: () => boolean | Promise<boolean>): Promise<boolean> {
  const end = Date.now() + milliseconds;
  while (!(await isSo())) {
    if (Date.now() > end) return false;
    await sleep(50);
  }
  return true;
}

/** Sends each signal in turn until the process is gone; "already gone" is success. False when it outlived them all. */
export async function end(pid: number, steps: readonly (readonly [NodeJS.Signals, number])[]): Promise<boolean> {
  for (const [signal, patience] of steps) {
    if (!isAlive(pid)) return true;
    try {
      process.kill(pid, signal);
    } catch {
      return !isAlive(pid);
    }
    if (await eventually(patience, () => !isAlive(pid))) return true;
  }
  return !isAlive(pid);
}

/** The last lines of a log file, for the sentence that says why something did not start. */
export function lastLines(file: string, count: number): string {
  try {
    return readFileSync(file, "utf8").trimEnd().split("\n").slice(-count).join(" | ").slice(-1500);
  } catch {
    return "(no log)";
  }
}
