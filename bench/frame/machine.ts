// The machine and the versions that a result belongs to; nothing that names the machine or whose it is.

import { execFileSync } from "node:child_process";
import { cpus, totalmem } from "node:os";
import pg from "pg";
import { connectEngine } from "../../runtime/docker/engine.ts";
import { versionOf } from "../../runtime/version.ts";

export async function describeMachine(database: string, engineHost: string): Promise<string> {
  const client = new pg.Client({ connectionString: database });
  await client.connect();
  const { rows } = await client.query<{ server_version: string }>("show server_version");
  await client.end();
  const engine = await connectEngine(engineHost).docker.version();
  const cores = cpus();
  return [
    `${cores.length} × ${cores[0]?.model.trim() ?? "?"}`,
    `${Math.round(totalmem() / 1024 ** 3)} GiB`,
    `Node ${process.versions.node}`,
    `Postgres ${rows[0]?.server_version ?? "?"} (fsync on)`,
    `Docker ${engine.Version}`,
    `Skeduler ${versionOf()}${commit()}`,
  ].join(", ");
}

/** " (1a2b3c4)"; empty where this is no working copy of git. */
function commit(): string {
  try {
    const said = execFileSync("git", ["rev-parse", "--short", "HEAD"], { encoding: "utf8", stdio: "pipe" });
    return ` (${said.trim()})`;
  } catch {
    return "";
  }
}
