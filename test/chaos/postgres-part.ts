// A Postgres of the harness's own, durable: stopped at once (as a crash would) or by a signal to one backend, and started again
// on the same data and port.

import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import pg from "pg";
import { migrate } from "../../runtime/database/migrate.ts";
import { startEmbeddedPostgres, type EmbeddedPostgres } from "../../runtime/up/embedded-postgres.ts";
import { end, isAlive } from "../../runtime/up/processes.ts";
import { freePort } from "../support/free-port.ts";

export class PostgresPart {
  readonly #folder: string;
  #port: number | undefined;
  #server: EmbeddedPostgres | undefined;

  constructor(folder: string) {
    this.#folder = join(folder, "postgres");
  }

  /** Straight to the server, past every proxy. */
  get url(): string {
    if (this.#server === undefined) throw new Error("Postgres was never started");
    return this.#server.url;
  }

  async start(): Promise<void> {
    this.#port ??= await freePort();
    const [folder, port] = [this.#folder, this.#port];
    this.#server = await startEmbeddedPostgres({ folder, durable: true, log: () => undefined, port });
  }

  async migrate(): Promise<void> {
    await migrate(this.url);
  }

  /** SIGQUIT is Postgres' "immediate": no good-bye to clients, recovery at the next start. SIGINT is "fast". */
  async end(signal: "SIGQUIT" | "SIGINT"): Promise<void> {
    const pid = this.#server?.pid;
    if (pid === undefined) return;
    if (!(await end(pid, [[signal, 30_000]]))) throw new Error(`Postgres did not end by ${signal}`);
  }

  /** kill -9 of one session: Postgres ends them all and recovers by itself. Resolves when it takes connections again. */
  async crash(): Promise<void> {
    const client = new pg.Client({ connectionString: this.url });
    client.on("error", () => undefined);
    await client.connect();
    const { rows } = await client.query<{ pid: number }>("select pg_backend_pid() as pid");
    const pid = rows[0]?.pid ?? 0;
    if (!readFileSync(`/proc/${pid}/cmdline`, "latin1").startsWith("postgres:")) throw new Error("no Postgres session");
    const ended = new Promise<void>((resolve) => client.on("end", () => resolve()));
    process.kill(pid, "SIGKILL");
    await ended;
    while (!(await this.#answers())) if (!isAlive(this.#server?.pid ?? 0)) throw new Error("Postgres is gone");
  }

  async close(): Promise<void> {
    if (this.#server === undefined) return;
    await this.#server.stop();
    rmSync(this.#server.base, { recursive: true, force: true });
  }

  async #answers(): Promise<boolean> {
    const client = new pg.Client({ connectionString: this.url, connectionTimeoutMillis: 1_000 });
    client.on("error", () => undefined);
    try {
      await client.connect();
      await client.query("select 1");
      return true;
    } catch {
      return false;
    } finally {
      client.end().catch(() => undefined);
    }
  }
}
