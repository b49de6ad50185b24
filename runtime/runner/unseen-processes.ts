// What runs in a container, as the machine's processes tell, where Docker cannot: while it is away, and of one that it takes for never
// started, as it was killed in the midst of that. Such a one it neither stops nor removes with the container, and cannot start again as
// long as what held it lives.

import { readdir, readFile } from "node:fs/promises";
import { uptime } from "node:os";
import { basename } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

/** How long a killed process may take to be gone, and the wait before it is looked again, ms. */
const patience = 10_000;
const pause = 100;

/** What a start that was cut off has left. */
interface Unseen {
  /** The process that holds the container. */
  readonly holder: number | undefined;
  /** Those in it, where its command has begun. */
  readonly command: readonly number[];
  /** All is made ready for its command, and that has not begun. */
  readonly waits: boolean;
}

/** Nothing is seen of an Engine on another machine, in another PID namespace, or where the system shows no processes in /proc. */
export async function findUnseen(containerId: string): Promise<Unseen> {
  const all = (await readdir("/proc").catch(() => [])).filter((name) => /^\d+$/.test(name));
  const found = await Promise.all(all.map(async (pid) => ({ pid: Number(pid), part: await partOf(containerId, pid) })));
  const pids = (part: string): number[] => found.filter((one) => one.part === part).map(({ pid }) => pid);
  return { holder: pids("holder")[0], command: pids("command"), waits: pids("waiting").length > 0 };
}

async function partOf(containerId: string, pid: string): Promise<"holder" | "command" | "waiting" | undefined> {
  const [words, cgroup] = await Promise.all([read(`/proc/${pid}/cmdline`), read(`/proc/${pid}/cgroup`)]);
  if (words === "") return undefined; // dead, and not yet buried
  const [program = "", ...rest] = words.split("\0");
  if (basename(program).startsWith("containerd-shim")) return rest.includes(containerId) ? "holder" : undefined;
  // runc's own process becomes the command only when the start is finished.
  const waits = basename(program) === "runc" && rest[0] === "init";
  if (!cgroup.includes(containerId)) return undefined;
  return waits ? "waiting" : "command";
}

/** Whether this process is one of the container's; false too where it is not for us to see. */
export async function runsIn(containerId: string, pid: number): Promise<boolean> {
  return (await partOf(containerId, String(pid))) === "command";
}

/** When this machine was started: what ran before had ended by then. */
export const booted = (): Date => new Date(Date.now() - uptime() * 1000);

/** When one of the container's processes began, or undefined where it is not for us to see. */
export async function begunAt(containerId: string, pid: number): Promise<Date | undefined> {
  if (!(await runsIn(containerId, pid))) return undefined;
  const stat = await read(`/proc/${pid}/stat`);
  // Its 22nd word, in hundredths of a second since the machine's start; the second one, in brackets, may have spaces.
  const ticks = Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19]);
  return Number.isNaN(ticks) ? undefined : new Date(booted().getTime() + ticks * 10);
}

/** Empty where the process is gone, or not for us to see. */
async function read(file: string): Promise<string> {
  return readFile(file, "utf8").catch(() => "");
}

/** Kills all of it, and says what there was; `living` is what of the command lives on: not ours to kill, or not to be killed. */
export async function endUnseen(containerId: string): Promise<Unseen & { readonly living: readonly number[] }> {
  const found = await findUnseen(containerId);
  const killed = found.command.filter(kill);
  let living = found.command;
  for (const until = Date.now() + patience; killed.some((pid) => living.includes(pid)) && Date.now() < until;) {
    await sleep(pause);
    living = (await findUnseen(containerId)).command;
  }
  if (found.holder !== undefined) kill(found.holder); // containerd buries it with all that it holds
  return { ...found, living };
}

/** False: it is not ours to kill, or is gone. */
function kill(pid: number): boolean {
  try {
    return process.kill(pid, "SIGKILL");
  } catch {
    return false;
  }
}
