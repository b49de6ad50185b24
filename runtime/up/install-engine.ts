// Installs the distribution's Docker Engine: Debian and Ubuntu, as root, and only where the caller found no Engine of any kind.
// Trusts apt with its configured sources. Whatever fails is one sentence with apt's last words; nothing is undone.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { UserError } from "../errors.ts";
import { run } from "./processes.ts";

const packages = ["docker.io", "iptables", "iproute2", "busybox-static"];

/** Left where we installed an Engine: a later start may then run that dockerd privately, though it is "installed". */
const mark = "/var/lib/skeduler/engine-installed";

/** The command that is about to be run, for whoever is asked. */
export const installCommand = `apt-get install -y --no-install-recommends ${packages.join(" ")}`;

/** Whether this is a machine on which we know how to install one. */
export function canInstallEngine(): boolean {
  return process.getuid?.() === 0 && isDebian() && existsSync("/usr/bin/apt-get");
}

/** Whether the Engine on this machine was installed by us. */
export function engineInstalledByUs(): boolean {
  return existsSync(mark);
}

/** Whether systemd runs here: then the package starts an Engine for everybody, and that one is used. */
export function systemdRuns(): boolean {
  return existsSync("/run/systemd/system");
}

/** Installs the Engine, with each line of apt's handed to `log`. */
export async function installEngine(log: (line: string) => void): Promise<void> {
  if (!canInstallEngine())
    throw new UserError(
      "A Docker Engine can be installed by us on Debian and Ubuntu, as root, only: install one first.",
    );
  await aptGet(["update"], log);
  await aptGet(["install", "-y", "--no-install-recommends", ...packages], log);
  mkdirSync(dirname(mark), { recursive: true, mode: 0o755 });
  writeFileSync(mark, `${new Date().toISOString()}\n`);
}

/** One apt-get command that asks nothing and waits for another apt up to two minutes. */
export async function aptGet(words: readonly string[], log: (line: string) => void): Promise<void> {
  const ran = await run("apt-get", ["-o", "DPkg::Lock::Timeout=120", "-o", "Dpkg::Use-Pty=0", ...words], {
    env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" },
    onLine: (line) => {
      if (line.trim() !== "") log(line);
    },
  });
  if (ran.code === 0) return;
  const said = ran.output.trim().split("\n").slice(-3).join(" | ");
  throw new UserError(`"apt-get ${words.join(" ")}" failed, so no Docker Engine could be installed: ${said}`);
}

function isDebian(): boolean {
  try {
    return /^ID(_LIKE)?=.*\b(debian|ubuntu)\b/m.test(readFileSync("/etc/os-release", "utf8"));
  } catch {
    return false;
  }
}
