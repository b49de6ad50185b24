// What stands before every call: a request id, the access log, the guard, the token. Everything that is thrown becomes JSON here.
import { Hono, type MiddlewareHandler } from "hono";
import type { Config } from "../config/schema.ts";
import type { Token } from "../config/token-list.ts";
import { ApiError } from "../errors.ts";
import { accessLog, type AccessLogOptions } from "./access-log.ts";
import { authenticate } from "./authenticate.ts";
import type { EndpointHandler, Env } from "./env.ts";
import { toApiError, toResponse } from "./errors.ts";
import { guard } from "./guard.ts";
import { requestIdOf } from "./request-id.ts";

export interface Route {
  readonly method: "GET" | "POST" | "PUT" | "DELETE";
  readonly path: string;
  readonly handler: EndpointHandler;
  /** token: needs one; origin: needs none, but Host and Origin are checked; open: health, for anyone. */
  readonly access: "token" | "origin" | "open";
}

export interface MountDeps extends AccessLogOptions {
  readonly tokens: readonly Token[];
  readonly config: Pick<Config, "http">;
  /** What is said where there is nothing under a path. */
  readonly nothing: string;
}

const withRequestId: MiddlewareHandler<Env> = async (c, next) => {
  const id = requestIdOf(c.req.header("x-request-id"));
  c.set("requestId", id);
  c.set("owner", "");
  c.set("route", "none");
  // On Node's side of the answer: to touch the Response's headers makes it a whole one, a twentieth of what an answer takes.
  const outgoing = (c.env as Env["Bindings"] | undefined)?.outgoing;
  outgoing?.setHeader("X-Request-Id", id);
  await next();
  if (outgoing === undefined) c.res.headers.set("X-Request-Id", id);
  if (c.req.method !== "HEAD" || c.res.body === null) return;
  await c.res.body.cancel(); // a HEAD runs the GET: what it streams must end
  c.res = new Response(null, c.res);
};

export function mount(routes: readonly Route[], deps: MountDeps): Hono<Env> {
  const app = new Hono<Env>();
  const enter =
    (access: Route["access"], path: string): MiddlewareHandler<Env> =>
    async (c, next) => {
      c.set("route", path);
      const header = (name: string): string | undefined => c.req.header(name);
      if (access !== "open") guard(header, deps.config.http);
      if (access === "token") c.set("owner", authenticate(header, deps.tokens));
      await next();
    };

  app.use(withRequestId, accessLog(deps));
  for (const { method, path, handler, access } of routes) app.on(method, path, enter(access, path), handler);
  for (const path of new Set(routes.map((route) => route.path))) {
    const methods = routes
      .filter((route) => route.path === path)
      .flatMap(({ method }) => (method === "GET" ? ["GET", "HEAD"] : [method]));
    app.all(path, enter("origin", path), (c) => {
      c.header("Allow", methods.join(", "));
      const error = new ApiError(
        "method_not_allowed",
        `${c.req.method} is not possible here; ${methods.join(", ")} is.`,
      );
      return c.json(error.body(), error.status);
    });
  }
  app.notFound((c) => {
    const header = (name: string): string | undefined => c.req.header(name);
    guard(header, deps.config.http);
    const error = new ApiError("not_found", deps.nothing);
    return c.json(error.body(), error.status);
  });
  app.onError((error, c) => {
    // hono's own: a path that cannot be decoded and the like.
    const id = c.get("requestId");
    return toResponse(toApiError(error, id, deps.log), id);
  });
  return app;
}
