// A Docker Engine of our own, for a machine where none is started for everybody: root only, its data under our folder.
// It lives in a session of its own, so containers survive us; the next start finds it by its pid file and its socket.
// Bridge, exec-root, pid file and containerd namespace are its own: another Engine beside it is not touched.
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { basename, join } from "node:path";
import { UserError } from "../errors.ts";
import { askEngine } from "./engine-http.ts";
import { engineBinary } from "./find-engine.ts";
import { makeBridge, removeBridge } from "./private-bridge.ts";
import { end, eventually, isAlive, lastLines, processWords, run, startDetached } from "./processes.ts";

export interface PrivateEngine {
  readonly host: string;
  readonly pid: number;
  /** Stops its containers, the Engine and its containerd, and takes its bridge away. Its images and data stay. */
  readonly stop: () => Promise<void>;
}

/** Whether an Engine of ours was ever started with its data in this folder. */
export function hasPrivateEngine(folder: string): boolean {
  return existsSync(join(folder, "data"));
}

/** The Engine whose data are under `folder`, if it lives. */
export async function findPrivateEngine(folder: string): Promise<PrivateEngine | undefined> {
  const places = placesOf(folder);
  const pid = livingPid(places);
  if (pid === undefined) return undefined;
  const decided = await eventually(30_000, async () => !isAlive(pid) || (await answers(places.host)));
  return decided && isAlive(pid) ? handleOf(places, pid) : undefined;
}

function handleOf(places: Places, pid: number): PrivateEngine {
  return { host: places.host, pid, stop: async () => stop(places) };
}

/** Starts the Engine whose data are under `folder`, or finds it where it lives already. Needs root and `dockerd`. */
export async function startPrivateEngine(options: {
  folder: string;
  log: (line: string) => void;
  /** Containers go on while the Engine is away (Docker's live-restore); its stop then leaves them running. */
  liveRestore?: boolean;
}): Promise<PrivateEngine> {
  const dockerd = engineBinary(["dockerd"]);
  if (dockerd === undefined)
    throw new UserError("A private Docker Engine needs dockerd: install the package docker.io.");
  if (process.getuid?.() !== 0) throw new UserError("A private Docker Engine can be started by root only.");
  const living = await findPrivateEngine(options.folder);
  if (living !== undefined) return living;

  const places = placesOf(options.folder);
  // An Engine that was killed takes its containerd with it; one that dies, or is not yet buried, would be taken for a living one.
  const dying = pidIn(places.containerd);
  if (dying !== undefined) await eventually(5_000, () => !existsSync(`/proc/${dying}`));
  mkdirSync(places.run, { recursive: true, mode: 0o700 });
  rmSync(places.pidFile, { force: true });
  await makeBridge(places.bridge);
  writeFileSync(places.config, `${JSON.stringify({ "live-restore": options.liveRestore ?? false })}\n`); // not /etc/docker/daemon.json, which belongs to the machine's own Engine
  options.log(`starting a private Docker Engine (bridge ${places.bridge}, data in ${places.data})`);
  const pid = await startDetached(dockerd, words(places), { logFile: places.log, env: environment() });
  await eventually(60_000, async () => !isAlive(pid) || (await answers(places.host)));
  if (await answers(places.host)) return handleOf(places, pid);
  await stop(places);
  throw new UserError(`The private Docker Engine did not start; the end of ${places.log}: ${lastLines(places.log, 5)}`);
}

interface Places {
  readonly bridge: string;
  readonly run: string;
  readonly host: string;
  readonly pidFile: string;
  /** The pid file of the containerd that it starts. */
  readonly containerd: string;
  readonly data: string;
  readonly config: string;
  readonly log: string;
}

/** Socket paths end at 107 bytes, interface names at 15: so both are named by a hash of the folder, below /run. */
function placesOf(folder: string): Places {
  mkdirSync(folder, { recursive: true });
  const real = realpathSync(folder);
  const hash = createHash("sha256").update(real).digest("hex").slice(0, 8);
  const place = `/run/skeduler-${hash}`;
  return {
    bridge: `skd-${hash}`,
    run: place,
    host: `unix://${place}/docker.sock`,
    pidFile: join(place, "docker.pid"),
    containerd: join(place, "exec/containerd/containerd.pid"),
    data: join(real, "data"),
    config: join(real, "daemon.json"),
    log: join(real, "dockerd.log"),
  };
}

function words(places: Places): string[] {
  return [
    ...["--config-file", places.config, "--data-root", places.data, "--exec-root", join(places.run, "exec")],
    ...["--pidfile", places.pidFile, "--host", places.host, "--bridge", places.bridge, "--iptables=false"],
    ...["--containerd-namespace", places.bridge, "--containerd-plugins-namespace", `${places.bridge}-plugins`],
  ];
}

/**
 * Go runs as many goroutines at once as there are CPUs. Of eight logs that flow there are twice as many, each in and out of system
 * calls: on few CPUs they wait for one another, while these have time left (docs/performance-runner.md).
 */
const goroutinesAtOnce = 8;

/**
 * Per cent by which memory in use may grow before Go collects what is garbage. For each container Docker starts its own program twice
 * more, and with Go's 100 each collects three times before it has begun.
 */
const growth = 400;

function environment(): NodeJS.ProcessEnv {
  const path = `${process.env["PATH"] ?? ""}:/usr/sbin:/usr/bin:/sbin:/bin`;
  const atOnce = String(Math.max(goroutinesAtOnce, availableParallelism()));
  return { GOMAXPROCS: atOnce, GOGC: String(growth), ...process.env, DOCKER_HOST: undefined, PATH: path };
}

async function answers(host: string): Promise<boolean> {
  return askEngine(host, "GET", "/_ping", { timeout: 2_000 }).then(
    (answer) => answer.status === 200,
    () => false,
  );
}

/** The Engine's pid, only if that process is a dockerd that was started for this folder. */
function livingPid(places: Places): number | undefined {
  const pid = pidIn(places.pidFile);
  if (pid === undefined || !isAlive(pid)) return undefined;
  const started = processWords(pid);
  return basename(started[0] ?? "") === "dockerd" && started.includes(places.pidFile) ? pid : undefined;
}

function pidIn(file: string): number | undefined {
  try {
    const pid = Number(readFileSync(file, "utf8").trim());
    return Number.isSafeInteger(pid) && pid > 1 ? pid : undefined;
  } catch {
    return undefined;
  }
}

/** In this order: the Engine ends its containers and its containerd; a containerd that it left; mounts; the bridge. */
async function stop(places: Places): Promise<void> {
  const containerd = pidIn(places.containerd);
  const pid = livingPid(places);
  // The Engine gives its containers 15 s by itself before it kills them.
  if (pid !== undefined)
    await end(pid, [
      ["SIGTERM", 40_000],
      ["SIGKILL", 5_000],
    ]);
  if (containerd !== undefined && processWords(containerd).some((word) => word.startsWith(places.run)))
    await end(containerd, [
      ["SIGTERM", 10_000],
      ["SIGKILL", 5_000],
    ]);
  for (const mount of mountsAt(places.run)) await run("umount", ["-l", mount]);
  for (const mount of mountsAt(places.data)) await run("umount", ["-l", mount]);
  await removeBridge(places.bridge);
  rmSync(places.run, { recursive: true, force: true });
}

function mountsAt(folder: string): string[] {
  const mounts = readFileSync("/proc/self/mounts", "utf8").split("\n");
  return mounts
    .map((line) => line.split(" ")[1] ?? "")
    .filter((mount) => mount === folder || mount.startsWith(`${folder}/`)) // an Engine that was killed leaves its data mounted
    .reverse();
}
