// What a database can do to us, in words: unreachable, refused, gone. Knows Postgres' codes; never repeats a password.

import pg from "pg";
import { UserError } from "../errors.ts";

/** The database's place without user or password, for messages. */
export function placeOf(url: string): string {
  try {
    const parsed = new URL(url);
    return `${parsed.hostname}:${parsed.port === "" ? "5432" : parsed.port}${parsed.pathname}`;
  } catch {
    return "the configured address";
  }
}

/** One sentence for an operator whose database could not be reached at start. */
export function connectionFault(url: string, cause: unknown): UserError {
  const said = cause instanceof Error && cause.message !== "" ? cause.message : codeOf(cause);
  return new UserError(`The database at ${placeOf(url)} cannot be used: ${said}. Check the key database.`, { cause });
}

/**
 * What a statement of a start met, for an operator: one sentence with Postgres' words and what to do where the database is away, takes
 * no writes or does not let us; everything else as it is.
 */
export function startFault(url: string, cause: unknown): unknown {
  if (cause instanceof UserError) return cause; // said already, of whatever it was
  const code = cause instanceof pg.DatabaseError ? cause.code : undefined;
  const said = (what: string): UserError => new UserError(`The database at ${placeOf(url)} ${what}`, { cause });
  if (code === "25006") return said(`takes no writes: ${wordsOf(cause)}. Name the primary server in the key database.`);
  if (code === "42501")
    return said(
      `does not let us: ${wordsOf(cause)}. Its user has to own what skeduler migrate makes (the schemas skeduler and graphile_worker, the table jobs), or be a member of its owner, and to make it needs the right to create in the database.`,
    );
  if (code === "55P03")
    return said(`has a table that another program holds: ${wordsOf(cause)}. Try again when that has ended.`);
  return isUnavailable(cause) ? connectionFault(url, cause) : cause;
}

function wordsOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function codeOf(cause: unknown): string {
  if (cause instanceof AggregateError && cause.errors[0] instanceof Error) return cause.errors[0].message;
  return typeof cause === "object" && cause !== null && "code" in cause ? String(cause.code) : "no answer";
}

const lostCodes = new Set([
  "ECONNREFUSED",
  "ECONNRESET",
  "ETIMEDOUT",
  "EPIPE",
  "ENOTFOUND",
  "EAI_AGAIN",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "57P01", // admin_shutdown
  "57P02", // crash_shutdown
  "57P03", // cannot_connect_now
  "25006", // read_only_sql_transaction: a failover led to a standby
  "25P03", // idle_in_transaction_session_timeout
]);
const lostMessage =
  /query read timeout|connection terminated|timeout exceeded when trying to connect|connection ended unexpectedly|connection error and is not queryable|client was closed|cannot use a pool after/i;

/** Whether Postgres cannot be reached, or written to, now (rather than our statement being wrong): worth a 503 and another try. */
export function isUnavailable(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const code = "code" in error && typeof error.code === "string" ? error.code : "";
  // ENOENT: a unix socket that is not there; a missing file of ours would be a defect and names a path.
  if (code === "ENOENT" ? "syscall" in error && error.syscall === "connect" : lostCodes.has(code)) return true;
  // Classes 08, connection exceptions, and 53, insufficient resources: its disk is full, it takes no more connections.
  if (/^(08|53)[0-9A-Z]{3}$/.test(code) || lostMessage.test(error.message)) return true;
  const within = error instanceof AggregateError ? (error.errors as unknown[]) : [error.cause];
  return within.some(isUnavailable);
}

/**
 * A value that JSON can say and Postgres cannot hold (a number of a thousand digits' exponent, nesting beyond its stack):
 * the sentence for whoever sent it, in Postgres' words. Undefined for every other error.
 */
export function refusedValue(error: unknown): string | undefined {
  if (!(error instanceof pg.DatabaseError)) return undefined;
  return /^22|^54001$/.test(error.code ?? "")
    ? `The database cannot hold a value of this: ${error.message}.`
    : undefined;
}
