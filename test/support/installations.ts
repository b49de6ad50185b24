// The installations of a run of the suite, in a file of the run's folder: what carries another's label in Docker, a user's own
// or another run's, is not ours to touch. Whoever makes one notes it before a container can carry its id.

import { appendFileSync, existsSync, globSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { label } from "../../runtime/docker/container-options.ts";
import { connectEngine } from "../../runtime/docker/engine.ts";

const fileIn = (run: string): string => join(run, "installations");

export function noteInstallation(id: string): void {
  const run = process.env["SKEDULER_TEST_RUN"];
  if (run !== undefined) appendFileSync(fileIn(run), `${id}\n`);
}

/** Those that runners with this data folder knew: of databases that the suite's server does not hold. */
export function noteInstallationsOf(data: string): void {
  for (const memory of globSync("hosts/*/*.attempts", { cwd: data })) noteInstallation(basename(memory, ".attempts"));
}

/** `run`: the run's folder. */
export function notedInstallations(run: string): Set<string> {
  return new Set(existsSync(fileIn(run)) ? readFileSync(fileIn(run), "utf8").trim().split("\n") : []);
}

/** Removes the containers of these installations, running or not, and says which, a sentence each. */
export async function removeLeftContainers(engineHost: string, installations: ReadonlySet<string>): Promise<string[]> {
  const { docker } = connectEngine(engineHost);
  const all = await docker.listContainers({ all: true, filters: { label: [label.installation] } });
  const left = all.filter(({ Labels }) => installations.has(Labels[label.installation] ?? ""));
  for (const { Id } of left) await docker.getContainer(Id).remove({ force: true });
  return left.map(
    ({ Names, Labels }) => `the container ${Names.join(" ")} of the host ${Labels[label.host] ?? "?"} was left behind`,
  );
}
