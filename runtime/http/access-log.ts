// One debug line per request, a warning for a slow one, and a word to whoever counts them. The time is until the answer begins: what
// streams may go on for days. No query is shown: it may hold what its sender would not like to read here.
import type { MiddlewareHandler } from "hono";
import type { Log } from "../log.ts";
import type { Env } from "./env.ts";

/** Slower than this, ms, and it is worth a warning: most requests take a few. */
const slowMs = 1_000;

export interface AnsweredRequest {
  readonly method: string;
  /** The path's pattern, such as /experiments/:id; "none" where there is nothing under the path. */
  readonly route: string;
  readonly status: number;
  readonly seconds: number;
}

export interface AccessLogOptions {
  readonly log: Log;
  readonly answered?: ((request: AnsweredRequest) => void) | undefined;
}

export function accessLog({ log, answered }: AccessLogOptions): MiddlewareHandler<Env> {
  return async (c, next) => {
    const began = performance.now();
    await next();
    const ms = performance.now() - began;
    const { status } = c.res;
    answered?.({ method: c.req.method, route: c.get("route"), status, seconds: ms / 1000 });
    if (ms < slowMs && !log.isLevelEnabled("debug")) return;
    const fields = {
      requestId: c.get("requestId"),
      owner: c.get("owner"),
      method: c.req.method,
      path: c.req.path,
      status,
      ms: Math.round(ms * 10) / 10,
    };
    if (ms < slowMs) log.debug(fields, "request");
    else log.warn(fields, "a slow request");
  };
}
