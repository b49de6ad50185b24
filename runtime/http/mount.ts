// What stands around every call: a request id, the guard, the token, the access log. Everything that is thrown becomes JSON here.
// It is one handler a call, not a chain of them: that would take a tenth of what an answer takes (docs/performance.md).
import { Hono } from "hono";
import type { Config } from "../config/schema.ts";
import type { Token } from "../config/token-list.ts";
import { ApiError } from "../errors.ts";
import { noteAccess, type AccessLogOptions } from "./access-log.ts";
import { authenticate } from "./authenticate.ts";
import { headersOf, nodeSide, type EndpointHandler, type Env } from "./env.ts";
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

/** The answer to a HEAD, which runs the GET: what that streams must end. */
async function withoutBody(answer: Response): Promise<Response> {
  await answer.body?.cancel();
  return new Response(null, answer);
}

export function mount(routes: readonly Route[], deps: MountDeps): Hono<Env> {
  const { tokens, config, log } = deps;

  const around = ({ path: route, access, handler }: Omit<Route, "method">): EndpointHandler => {
    return async (c, next) => {
      const began = performance.now();
      const header = headersOf(c);
      const requestId = requestIdOf(header("x-request-id"));
      // On Node's side of the answer: to touch the Response's headers makes it a whole one, a twentieth of what an answer takes.
      const outgoing = nodeSide(c)?.outgoing;
      outgoing?.setHeader("X-Request-Id", requestId);
      let owner = "";
      let answer: Response;
      try {
        if (access !== "open") guard(header, config.http);
        if (access === "token") owner = authenticate(header, tokens);
        c.set("owner", owner);
        answer = (await handler(c, next)) as Response;
      } catch (error) {
        answer = toResponse(toApiError(error, requestId, log), requestId);
      }
      const { method, path } = c.req;
      const { status } = answer;
      noteAccess(deps, { requestId, owner, method, path, route, status, ms: performance.now() - began });
      if (outgoing === undefined) answer.headers.set("X-Request-Id", requestId);
      return method === "HEAD" ? withoutBody(answer) : answer;
    };
  };

  const app = new Hono<Env>();
  for (const route of routes) app.on(route.method, route.path, around(route));
  const others = [...new Set(routes.map(({ path }) => path))].map((path) => ({
    path,
    answer: around({ path, access: "origin", handler: wrongMethod(routes.filter((route) => route.path === path)) }),
  }));
  const nothing = around({
    path: "none",
    access: "origin",
    handler: () => {
      throw new ApiError("not_found", deps.nothing);
    },
  });
  app.notFound(async (c) => {
    const { answer } = others.find(({ path }) => fits(c.req.path, path)) ?? { answer: nothing };
    return (await answer(c, async () => Promise.resolve())) as Response;
  });
  app.onError((error, c) => {
    // hono's own: a path that cannot be decoded and the like.
    const requestId = requestIdOf(headersOf(c)("x-request-id"));
    return toResponse(toApiError(error, requestId, log), requestId);
  });
  return app;
}

/** Whether a path is one of a route's, such as /experiments/:id. */
function fits(path: string, route: string): boolean {
  const [parts, named] = [path.split("/"), route.split("/")];
  return (
    parts.length === named.length &&
    named.every((name, place) => (name.startsWith(":") ? parts[place] !== "" : parts[place] === name))
  );
}

function wrongMethod(routes: readonly Route[]): EndpointHandler {
  const methods = routes.flatMap(({ method }) => (method === "GET" ? ["GET", "HEAD"] : [method])).join(", ");
  return (c) => {
    const error = new ApiError("method_not_allowed", `${c.req.method} is not possible here; ${methods} is.`);
    c.header("Allow", methods);
    return c.json(error.body(), error.status);
  };
}
