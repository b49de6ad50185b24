// Whatever was thrown, as an answer: ours as they are, bad input as 400, a database that is away as 503, the rest as 500 with the
// request's id, under which the log tells the whole story. Trusts ApiErrors to hold no secrets; shows nothing of the others.
import { z } from "zod";
import { ApiError } from "../errors.ts";
import type { Log } from "../log.ts";

const lostCodes = new Set([
  "ECONNREFUSED",
  "ECONNRESET",
  "ETIMEDOUT",
  "EPIPE",
  "ENOTFOUND",
  "EAI_AGAIN",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "ENOENT",
  "57P01", // admin_shutdown
  "57P02", // crash_shutdown
  "57P03", // cannot_connect_now
  "53300", // too_many_connections
]);
const lostMessage =
  /connection terminated|timeout exceeded when trying to connect|connection ended unexpectedly|client was closed|cannot use a pool after/i;

/** True for errors that say that Postgres cannot be reached now, the kind that goes away by trying again. */
export function isDatabaseAway(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const code = "code" in error && typeof error.code === "string" ? error.code : "";
  // ENOENT: a unix socket that is not there; a missing file of ours would be a defect and names a path.
  if (code === "ENOENT" ? "syscall" in error && error.syscall === "connect" : lostCodes.has(code)) return true;
  if (/^08[0-9A-Z]{3}$/.test(code) || lostMessage.test(error.message)) return true;
  const within = error instanceof AggregateError ? (error.errors as unknown[]) : [error.cause];
  return within.some(isDatabaseAway);
}

function fromZod(error: z.ZodError): ApiError {
  const details = error.issues.map((issue) => ({ path: issue.path.join("."), message: issue.message }));
  const told = details.map(({ path, message }) => (path === "" ? message : `${path}: ${message}`));
  return new ApiError("validation", `The request is not valid: ${told.slice(0, 3).join("; ")}.`, { details });
}

/** The error that the client is told. Defects are logged here, once. */
export function toApiError(error: unknown, requestId: string, log: Log): ApiError {
  if (error instanceof ApiError) return error;
  if (error instanceof z.ZodError) return fromZod(error);
  if (isDatabaseAway(error)) {
    log.warn({ requestId, err: error }, "the database cannot be reached");
    return new ApiError("unavailable", "The database cannot be reached at the moment: try again.", { cause: error });
  }
  log.error({ requestId, err: error }, "a request failed");
  return new ApiError("internal", `Something went wrong here; the server's log says more under ${requestId}.`, {
    cause: error,
  });
}

/** Headers that belong to an error whatever the request was. */
export function headersOf(error: ApiError): Record<string, string> {
  const headers: Record<string, string> = { "Content-Type": "application/json", "Cache-Control": "no-store" };
  if (error.code === "unavailable") headers["Retry-After"] = "1";
  if (error.code === "unauthorized") headers["WWW-Authenticate"] = 'Bearer realm="skeduler"';
  if (error.code === "upgrade_required") headers["Upgrade"] = "websocket";
  return headers;
}

export function toResponse(error: ApiError, requestId: string): Response {
  return new Response(JSON.stringify(error.body()), {
    status: error.status,
    headers: { ...headersOf(error), "X-Request-Id": requestId },
  });
}
