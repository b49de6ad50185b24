// GET /healthz: the process lives. GET /readyz: it can serve, that is, the database answers and its schema is the one we know.
// Both without a token, for load balancers and probes; they tell nothing else.
import type { EndpointHandler } from "../runtime/http/env.ts";
import { ApiError } from "../runtime/errors.ts";

export function healthz(): EndpointHandler {
  return (c) => c.json({ status: "ok" });
}

export function readyz({ ready }: { readonly ready: () => Promise<void> }): EndpointHandler {
  return async (c) => {
    try {
      await ready();
    } catch (error) {
      if (error instanceof ApiError) throw error;
      throw new ApiError(
        "unavailable",
        "The database does not answer, or its schema is not the one that this version knows.",
        { cause: error },
      );
    }
    return c.json({ status: "ready" });
  };
}
