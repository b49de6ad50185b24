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

function codeOf(cause: unknown): string {
  if (cause instanceof AggregateError && cause.errors[0] instanceof Error) return cause.errors[0].message;
  return typeof cause === "object" && cause !== null && "code" in cause ? String(cause.code) : "no answer";
}

const lostConnection = new Set(["ECONNREFUSED", "ECONNRESET", "EPIPE", "ETIMEDOUT", "ENOENT", "EHOSTUNREACH"]);

/** Whether the database is away (rather than our statement wrong): worth a 503 and another try. */
export function isUnavailable(error: unknown): boolean {
  if (error instanceof pg.DatabaseError) {
    const code = error.code ?? "";
    return code.startsWith("08") || code.startsWith("57P") || code === "53300" || code === "57014";
  }
  if (!(error instanceof Error)) return false;
  if ("code" in error && typeof error.code === "string" && lostConnection.has(error.code)) return true;
  if (error instanceof AggregateError) return error.errors.some(isUnavailable);
  return /Connection terminated|timeout exceeded when trying to connect|Client has encountered a connection error|Cannot use a pool after/.test(
    error.message,
  );
}
