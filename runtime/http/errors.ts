// Whatever was thrown, as an answer: ours as they are, bad input as 400, a database that is away as 503, the rest as 500 with the
// request's id, under which the log tells the whole story. Trusts ApiErrors to hold no secrets; shows nothing of the others.
import { z } from "zod";
import { isUnavailable, refusedValue } from "../database/faults.ts";
import { ApiError } from "../errors.ts";
import type { Log } from "../log.ts";

function fromZod(error: z.ZodError): ApiError {
  const details = error.issues.map((issue) => ({ path: issue.path.join("."), message: issue.message }));
  const told = details.map(({ path, message }) => (path === "" ? message : `${path}: ${message}`));
  return new ApiError("validation", `The request is not valid: ${told.slice(0, 3).join("; ")}.`, { details });
}

/** The error that the client is told. Defects are logged here, once. */
export function toApiError(error: unknown, requestId: string, log: Log): ApiError {
  if (error instanceof ApiError) return error;
  if (error instanceof z.ZodError) return fromZod(error);
  const refused = refusedValue(error);
  if (refused !== undefined) return new ApiError("validation", refused, { cause: error });
  if (isUnavailable(error)) {
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
