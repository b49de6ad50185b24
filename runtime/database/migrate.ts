// Brings a database up to date: our numbered files, then graphile-worker's own schema. Forward only, one transaction
// and one advisory lock, so that racing migrators agree. A schema newer than the files here is refused, never touched.

import { readdir, readFile } from "node:fs/promises";
import { runMigrations } from "graphile-worker";
import pg from "pg";
import { ApiError, UserError } from "../errors.ts";
import { vanishedSoon } from "./session.ts";
import { connectionFault, startFault } from "./faults.ts";
import { checkOwnership } from "./ownership.ts";
import { preparePartitions } from "./statements/housekeeping.ts";

const folder = new URL("../../migrations/", import.meta.url);
/** An arbitrary constant that every Skeduler migrator takes: "skeduler" in ASCII, folded to 63 bits. */
const migrationLock = "8315168192217801074";
/** A server that has not answered for so long, ms, is not there. */
const connectPatience = 10_000;

export interface Migration {
  readonly number: number;
  readonly name: string;
}

/** The migrations that this program knows, in order. */
export async function knownMigrations(): Promise<Migration[]> {
  const names = (await readdir(folder)).filter((name) => /^\d{4}-.*\.sql$/.test(name)).sort();
  return names.map((name) => ({ number: Number(name.slice(0, 4)), name }));
}

export interface MigrationReport {
  /** Names of the files that were applied just now. */
  readonly applied: string[];
}

export interface MigrateOptions {
  /** Asked when a `jobs` table of another system is adopted; `waiting` rows would start to run. False stops, untouched. */
  readonly confirmAdoption?: (waiting: number) => Promise<boolean>;
  /** Ends it, with the signal's reason, as long as nothing was changed. */
  readonly signal?: AbortSignal;
}

/** Applies what is missing. Throws UserError with a sentence for everything that an operator can mend. */
export async function migrate(url: string, options: MigrateOptions = {}): Promise<MigrationReport> {
  const { signal } = options;
  signal?.throwIfAborted();
  const client = clientOf(url);
  let stopped: unknown;
  const stop = (): void => {
    stopped = signal?.reason;
    client.connection.stream.destroy(); // whatever it waits for
  };
  const passTheCommit = (): void => signal?.removeEventListener("abort", stop);
  signal?.addEventListener("abort", stop);
  try {
    await client.connect().catch((cause: unknown) => {
      throw connectionFault(url, cause);
    });
    await client.query(vanishedSoon);
    // Waits for a racing migrator as long as that takes; the lock_timeout below is for tables in use.
    await client.query("select pg_advisory_lock($1::bigint)", [migrationLock]);
    const applied = await applyFiles(client, options, passTheCommit);
    passTheCommit();
    await runMigrations({ connectionString: url });
    await preparePartitions(client); // a runner may store lines before any API process has started
    return { applied };
  } catch (cause) {
    throw stopped ?? startFault(url, cause);
  } finally {
    passTheCommit();
    await client.end();
  }
}

/** Not connected yet. What the address names may be missing already: a certificate's file. */
function clientOf(url: string): pg.Client {
  try {
    const client = new pg.Client({
      connectionString: url,
      application_name: "skeduler migrate",
      connectionTimeoutMillis: connectPatience,
    });
    client.on("error", () => undefined); // reported by the statement in flight
    return client;
  } catch (cause) {
    throw connectionFault(url, cause);
  }
}

async function applyFiles(client: pg.Client, options: MigrateOptions, beforeCommit: () => void): Promise<string[]> {
  const known = await knownMigrations();
  const version = await schemaVersion(client);
  refuseNewer(version, known);
  const missing = known.filter((migration) => migration.number > version);
  if (missing.length === 0) return [];
  if (version === 0) {
    const waiting = await checkOwnership(client);
    if (waiting > 0 && options.confirmAdoption && !(await options.confirmAdoption(waiting))) {
      throw new UserError("Nothing was changed: the existing experiments were not adopted.");
    }
  }
  await client.query("begin");
  try {
    // A table that is in use elsewhere must not queue everybody behind us: give up after a while and say so.
    await client.query("set local lock_timeout = '10s'");
    await client.query("create schema if not exists skeduler");
    await client.query(
      "create table if not exists skeduler.migrations (number integer primary key, name text not null, applied_at timestamptz not null default now())",
    );
    for (const migration of missing) {
      await client.query(await readFile(new URL(migration.name, folder), "utf8"));
      await client.query("insert into skeduler.migrations (number, name) values ($1, $2)", [
        migration.number,
        migration.name,
      ]);
    }
    beforeCommit();
    await client.query("commit");
  } catch (cause) {
    await client.query("rollback").catch(() => undefined); // the connection may be what failed
    if (cause instanceof pg.DatabaseError && cause.code === "55P03") {
      throw new UserError("The table jobs is in use by another program: stop it, then run skeduler migrate again.", {
        cause,
      });
    }
    throw cause;
  }
  return missing.map((migration) => migration.name);
}

/** The number of the last migration in the database, 0 for a database that is not ours yet. */
export async function schemaVersion(client: Pick<pg.Client, "query">): Promise<number> {
  const { rows } = await client.query<{ present: boolean }>(
    "select to_regclass('skeduler.migrations') is not null as present",
  );
  if (rows[0]?.present !== true) return 0;
  const newest = await client.query<{ number: number | null }>(
    "select max(number)::int as number from skeduler.migrations",
  );
  return newest.rows[0]?.number ?? 0;
}

function refuseNewer(version: number, known: readonly Migration[]): void {
  const newest = known.at(-1)?.number ?? 0;
  if (version > newest) {
    throw new UserError(
      `The database is at schema version ${version}, this skeduler knows versions up to ${newest}: use a newer skeduler.`,
    );
  }
}

/** For api and runner: refuses a database that is not exactly at this program's version. */
export async function requireMigrated(client: Pick<pg.Client, "query">): Promise<void> {
  const known = await knownMigrations();
  const version = await schemaVersion(client);
  refuseNewer(version, known);
  const newest = known.at(-1)?.number ?? 0;
  if (version < newest) {
    throw new UserError(
      `The database is at schema version ${version}, this skeduler needs ${newest}: run skeduler migrate.`,
    );
  }
}

/** Throws where the database takes no writes: a failover led to a standby. */
export async function requireWritable(client: Pick<pg.Client, "query">): Promise<void> {
  const { rows } = await client.query<{ writable: boolean }>(
    "select current_setting('transaction_read_only') = 'off' as writable",
  );
  if (rows[0]?.writable !== true) throw new ApiError("unavailable", "The database takes no writes now.");
}
