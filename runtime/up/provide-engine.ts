// Decides which Docker Engine `up` and the suite use: one that answers, our private one, or one that is installed now.
// Never installs where any Engine is there already. Every other case ends in one sentence on what to install or start.
import { UserError } from "../errors.ts";
import { engineIsIdle } from "./engine-http.ts";
import { engineBinary, findEngine } from "./find-engine.ts";
import { canInstallEngine, engineInstalledByUs, installCommand, installEngine, systemdRuns } from "./install-engine.ts";
import { findPrivateEngine, hasPrivateEngine, startPrivateEngine } from "./private-engine.ts";
import type { PrivateEngine } from "./private-engine.ts";
import { eventually } from "./processes.ts";

export interface ProvidedEngine {
  readonly host: string;
  /** Ours alone, for this folder; absent for an Engine that belongs to the machine. */
  readonly private?: PrivateEngine;
}

export interface ProvideOptions {
  /** The Engine that the configuration names. */
  readonly configured?: string | undefined;
  /** Where a private Engine keeps its data. */
  readonly folder: string;
  readonly log: (line: string) => void;
  /** False: nothing is installed and no Engine is started, nor stopped by releaseEngine (`--no-provision`). */
  readonly provision: boolean;
  /** Asked once before anything is installed, with what will be run. */
  readonly confirm: (question: string) => Promise<boolean>;
  /** Start a private Engine even where a dockerd that we did not install is there but not running (the suite does). */
  readonly useInstalled?: boolean;
}

/** Finds or makes an Engine that answers. */
export async function provideEngine(options: ProvideOptions): Promise<ProvidedEngine> {
  const named = (options.configured ?? process.env["DOCKER_HOST"] ?? "") !== "";
  const isRoot = process.getuid?.() === 0;
  if (!named && isRoot && hasPrivateEngine(options.folder)) {
    if (options.provision) return startPrivate(options);
    const living = await findPrivateEngine(options.folder);
    if (living !== undefined) return { host: living.host };
  }
  const found = await findEngine(options.configured);
  if ("host" in found) return found;
  const mayStart = options.provision && !named && isRoot && !systemdRuns() && engineBinary(["dockerd"]) !== undefined;
  if (mayStart && (engineInstalledByUs() || options.useInstalled === true)) return startPrivate(options);
  if (found.installed) throw new UserError(`${capital(found.reason)}. Start it, or set DOCKER_HOST to one that runs.`);
  const advice = "Install Docker (on Debian: apt-get install docker.io) or set DOCKER_HOST to an Engine that runs.";
  if (!options.provision || !canInstallEngine()) throw new UserError(`${capital(found.reason)}. ${advice}`);
  if (!(await options.confirm(`No Docker Engine is installed. Install it now (${installCommand})?`)))
    throw new UserError(`No Docker Engine was installed, as you asked. ${advice}`);
  await installEngine(options.log);
  return (await startedByPackage()) ?? startPrivate(options);
}

/** Stops a private Engine with us, unless something still runs on it: that is adopted by the next start. */
export async function releaseEngine(engine: ProvidedEngine, log: (line: string) => void): Promise<void> {
  if (engine.private === undefined) return;
  if (await engineIsIdle(engine.host).catch(() => false)) await engine.private.stop();
  else log("the private Docker Engine goes on, because a container runs on it; the next start finds it");
}

/** The package starts an Engine where systemd (or another init) runs; elsewhere it doesn't, which a few seconds show. */
async function startedByPackage(): Promise<ProvidedEngine | undefined> {
  let host: string | undefined;
  await eventually(systemdRuns() ? 60_000 : 3_000, async () => {
    const found = await findEngine();
    if ("host" in found) host = found.host;
    return host !== undefined;
  });
  if (host === undefined && systemdRuns())
    throw new UserError("The Docker Engine was installed but did not start: see `systemctl status docker`.");
  return host === undefined ? undefined : { host };
}

async function startPrivate(options: ProvideOptions): Promise<ProvidedEngine> {
  const engine = await startPrivateEngine(options);
  return { host: engine.host, private: engine };
}

function capital(sentence: string): string {
  return sentence.charAt(0).toUpperCase() + sentence.slice(1);
}
