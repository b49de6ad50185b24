// A program that tests need and that Debian packages: installed where it is missing and we are root, else named in a sentence.

import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";

/** `program`: a file of the package. */
export function needPackage(name: string, program: string): void {
  if (existsSync(program)) return;
  if (process.getuid?.() !== 0)
    throw new Error(`This test needs the package ${name}: apt-get install ${name}, as root.`);
  const options = {
    env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" },
    stdio: "ignore",
  } as const;
  // Test files run beside each other, and apt-get has one lock.
  const patient = ["-o", "DPkg::Lock::Timeout=120"];
  execFileSync("apt-get", [...patient, "update", "-qq"], options);
  execFileSync("apt-get", [...patient, "install", "-y", "-qq", "--no-install-recommends", name], options);
}
