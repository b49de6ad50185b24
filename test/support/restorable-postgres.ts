// A Postgres of its own that can be restored to a moment before, as an operator does it: a base backup, the archived WAL, a
// recovery target. The same address afterwards, another timeline.

import { execFileSync } from "node:child_process";
import {
  appendFileSync,
  chownSync,
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { startEmbeddedPostgres, type EmbeddedPostgres } from "../../runtime/up/embedded-postgres.ts";

export class RestorablePostgres implements AsyncDisposable {
  readonly url: string;
  readonly #folder: string;
  #server: EmbeddedPostgres;

  private constructor(folder: string, server: EmbeddedPostgres) {
    this.#folder = folder;
    this.#server = server;
    this.url = server.url;
  }

  static async start(): Promise<RestorablePostgres> {
    const folder = mkdtempSync(join(tmpdir(), "skeduler-restorable-"));
    const made = await run(folder);
    await made.stop();
    const archive = join(made.base, "archive");
    mkdirSync(archive);
    own(made.base, archive);
    configure(made.base, {
      archive_mode: "on",
      archive_command: `cp %p ${archive}/%f`,
      restore_command: `cp ${archive}/%f %p`,
    });
    return new RestorablePostgres(folder, await run(folder));
  }

  /** From here on, any moment can be gone back to. */
  async backUp(): Promise<void> {
    const { base } = this.#server;
    const copy = join(base, "backup");
    await this.#as(async (client) => {
      await client.query("select pg_backup_start('backup', true)");
      execFileSync("cp", ["-a", join(base, "data"), copy]);
      const { rows } = await client.query<{ labelfile: string }>("select labelfile from pg_backup_stop()");
      const label = join(copy, "backup_label");
      writeFileSync(label, rows[0]?.labelfile ?? "");
      own(base, label);
    });
    rmSync(join(copy, "postmaster.pid"), { force: true });
    execFileSync("find", [join(copy, "pg_wal"), "-type", "f", "-delete"]);
  }

  /** Names this moment. */
  async mark(name: string): Promise<void> {
    await this.#as(async (client) => client.query("select pg_create_restore_point($1)", [name]));
  }

  async stop(): Promise<void> {
    await this.#as(async (client) => client.query("select pg_switch_wal()"));
    await this.#server.stop();
  }

  /** Of a stopped server: as it was at the moment of that name. Starts it. */
  async restore(name: string): Promise<void> {
    const { base } = this.#server;
    renameSync(join(base, "data"), join(base, "lost"));
    renameSync(join(base, "backup"), join(base, "data"));
    configure(base, { recovery_target_name: name, recovery_target_action: "promote" });
    const signal = join(base, "data", "recovery.signal");
    writeFileSync(signal, "");
    own(base, signal);
    this.#server = await run(this.#folder, Number(new URL(this.url).port));
    if (this.#server.url !== this.url) throw new Error("the restored server is at another address");
  }

  async #as<T>(work: (client: pg.Client) => Promise<T>): Promise<T> {
    const client = new pg.Client({ connectionString: this.url });
    await client.connect();
    try {
      return await work(client);
    } finally {
      await client.end();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server.stop();
    rmSync(this.#server.base, { recursive: true, force: true });
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

async function run(folder: string, port?: number): Promise<EmbeddedPostgres> {
  return startEmbeddedPostgres({ folder, log: () => undefined, durable: false, ...(port !== undefined && { port }) });
}

function configure(base: string, settings: Record<string, string>): void {
  const lines = Object.entries(settings).map(([name, value]) => `${name} = '${value}'\n`);
  appendFileSync(join(base, "data", "postgresql.conf"), lines.join(""));
}

/** Gives a file to the user as whom Postgres runs. */
function own(base: string, file: string): void {
  const { uid, gid } = statSync(join(base, "data"));
  chownSync(file, uid, gid);
}
