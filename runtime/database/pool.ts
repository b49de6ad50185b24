// The door to Postgres: one pool per process and three verbs that say how many rows come back. Rows are checked by zod
// where the shape matters. A broken idle connection is dropped and logged; the next statement opens another.

import pg from "pg";
import type { Logger } from "pino";
import type { z } from "zod";
import { PatientClient } from "./client.ts";
import { connectionFault, isUnavailable } from "./faults.ts";

/** A statement's text; with a name Postgres keeps it parsed, and mostly planned, on each connection. */
export type Statement = string | { readonly name: string; readonly text: string };

export interface Queryable {
  query<R extends pg.QueryResultRow>(statement: Statement, values?: unknown[]): Promise<pg.QueryResult<R>>;
}

/** For statements that run all the time. */
export function prepared(name: string, text: string): Statement {
  return { name, text };
}

export type Pool = pg.Pool;
export type Client = pg.PoolClient;

export interface PoolOptions {
  readonly url: string;
  /** Connections at most. */
  readonly max: number;
  /** Connections that stay, however long nothing is asked; 0 unless it is said. */
  readonly min?: number;
  readonly name: string;
  readonly log: Logger;
  /** How long a statement waits for a connection, ms. */
  readonly patience?: number;
  /** What is asked of a connection is sent at once, before what was asked earlier is answered (see pipeline.ts). */
  readonly pipeline?: boolean;
}

/** Postgres away: a request is answered within a second (503) rather than left hanging. */
const requestPatience = 900;
/** What runs behind the requests waits longer: nobody sees it wait, and graphile-worker ends for good where it gets no connection. */
export const backgroundPatience = 15_000;

/**
 * Against what a vanished client leaves behind, for each new session (what is done on the client's side is in client.ts): one whose
 * client vanished in a transaction would hold its locks, and one whose client vanished between two would stay, for hours. And what is planned while a table is small, and kept, must not read
 * it whole once it has grown; nothing here runs long enough for compiled code to pay. A prepared statement is planned once: left to
 * itself Postgres plans it each time where an array of one looks cheaper than one of any length, which takes longer than to run it.
 */
const sessionSettings = `
  set idle_in_transaction_session_timeout = '10s';
  set tcp_keepalives_idle = 30; set tcp_keepalives_interval = 10; set tcp_keepalives_count = 3;
  set enable_seqscan = off; set jit = off; set plan_cache_mode = force_generic_plan`;

export function createPool(options: PoolOptions): Pool {
  const pool = new pg.Pool({
    connectionString: options.url,
    max: options.max,
    min: options.min,
    application_name: options.name,
    connectionTimeoutMillis: options.patience ?? requestPatience,
    idleTimeoutMillis: 30_000,
    keepAlive: true,
    pipeline: options.pipeline,
    Client: PatientClient,
    onConnect: (client): unknown => client.query(sessionSettings), // the pool waits for it, which its type does not say
    allowExitOnIdle: true,
  });
  pool.on("error", (error) => {
    // Of an ended pool connections may yet be closing, and the database with them.
    if (!pool.ending) options.log.warn({ err: error.message }, "a database connection was lost");
  });
  // A connection that breaks while it is lent out: its borrower hears of it from the statement in flight.
  pool.on("connect", (client) => client.on("error", () => undefined));
  return pool;
}

/** A pool whose database was reached once; a UserError with one sentence where it cannot be. */
export async function connectPool(options: PoolOptions): Promise<Pool> {
  const pool = createPool(options);
  try {
    await pool.query("select 1");
    return pool;
  } catch (cause) {
    await pool.end();
    throw connectionFault(options.url, cause);
  }
}

/**
 * An array as Postgres reads it, of values that need no quotes: ids, numbers, and texts from `quoted`. Where it is long or asked for all
 * the time: pg looks at each value of an array twice for what has to be escaped.
 */
export function arrayOf(values: readonly (string | number)[]): string {
  return `{${values.join(",")}}`;
}

/** A text for `arrayOf`. */
export function quoted(text: string): string {
  return `"${text.replace(/["\\]/g, "\\$&")}"`;
}

/** All rows, each checked. */
export async function many<T>(
  db: Queryable,
  schema: z.ZodType<T>,
  statement: Statement,
  values: unknown[] = [],
): Promise<T[]> {
  const { rows } = await db.query(statement, values);
  return rows.map((row) => schema.parse(row));
}

/** One row or none; more than one is a defect. */
export async function maybeOne<T>(
  db: Queryable,
  schema: z.ZodType<T>,
  statement: Statement,
  values: unknown[] = [],
): Promise<T | undefined> {
  const rows = await many(db, schema, statement, values);
  if (rows.length > 1) throw new Error(`expected at most one row, got ${rows.length}`);
  return rows[0];
}

/** Exactly one row; anything else is a defect. */
export async function one<T>(
  db: Queryable,
  schema: z.ZodType<T>,
  statement: Statement,
  values: unknown[] = [],
): Promise<T> {
  const row = await maybeOne(db, schema, statement, values);
  if (row === undefined) throw new Error("expected one row, got none");
  return row;
}

/** Runs `work` in a transaction of its own; what it throws rolls back. `begin` may say more, which then costs no round trip of its own. */
export async function transaction<T>(pool: Pool, work: (client: Client) => Promise<T>, begin = "begin"): Promise<T> {
  const client = await pool.connect();
  let broken: Error | undefined;
  try {
    await client.query(begin);
    const result = await work(client);
    await client.query("commit");
    return result;
  } catch (error) {
    // A connection that is dead is thrown away, and Postgres rolls back by itself.
    if (isUnavailable(error)) broken = error as Error;
    else
      await client.query("rollback").catch((cause: unknown) => {
        broken = cause instanceof Error ? cause : new Error(String(cause));
      });
    throw error;
  } finally {
    client.release(broken);
  }
}
