// The thin router: the table of calls. It knows paths and methods; what a call does is the function's alone, and what stands before
// every one of them (request id, guard, token) is mount.ts.
import type { Hono } from "hono";
import type { Config } from "../config/schema.ts";
import type { Token } from "../config/token-list.ts";
import { ApiError } from "../errors.ts";
import { createSession } from "../../functions/create-session.ts";
import { deleteSession } from "../../functions/delete-session.ts";
import { getDocs, getOpenapi } from "../../functions/get-openapi.ts";
import { healthz, readyz } from "../../functions/health.ts";
import type { Log } from "../log.ts";
import type { AccessLogOptions } from "./access-log.ts";
import type { EndpointHandler, Env } from "./env.ts";
import { mount, type Route } from "./mount.ts";

/** The calls of the documented interface, made with their dependencies by whoever starts the process. */
export interface Functions {
  readonly createExperiment: EndpointHandler;
  readonly listExperiments: EndpointHandler;
  readonly getExperiment: EndpointHandler;
  readonly getPlacement: EndpointHandler;
  readonly updateExperiment: EndpointHandler;
  readonly listGroups: EndpointHandler;
  readonly getGroup: EndpointHandler;
  readonly updateGroup: EndpointHandler;
  readonly listHosts: EndpointHandler;
  readonly getHost: EndpointHandler;
  readonly updateHost: EndpointHandler;
  readonly deleteHost: EndpointHandler;
  readonly listEvents: EndpointHandler;
  readonly streamEvents: EndpointHandler;
  readonly listNotifications: EndpointHandler;
  readonly getNotification: EndpointHandler;
  readonly resendNotification: EndpointHandler;
  readonly resendNotifications: EndpointHandler;
  readonly createTelegramLink: EndpointHandler;
  readonly getMetrics: EndpointHandler;
  readonly getExperimentMetrics: EndpointHandler;
  readonly readLogs: EndpointHandler;
  readonly tailLogs: EndpointHandler;
}

export interface RouterDeps {
  readonly functions: Functions;
  readonly tokens: readonly Token[];
  readonly config: Pick<Config, "http">;
  readonly log: Log;
  /** Resolves when the database answers and its schema is the one that this program knows; throws otherwise. */
  readonly ready: () => Promise<void>;
  readonly answered?: AccessLogOptions["answered"];
}

function routesOf({ functions, tokens, config, ready }: RouterDeps): Route[] {
  return [
    { method: "GET", path: "/experiments", handler: functions.listExperiments, access: "token" },
    { method: "POST", path: "/experiments", handler: functions.createExperiment, access: "token" },
    { method: "GET", path: "/experiments/:id", handler: functions.getExperiment, access: "token" },
    { method: "PUT", path: "/experiments/:id", handler: functions.updateExperiment, access: "token" },
    { method: "GET", path: "/experiments/:id/placement", handler: functions.getPlacement, access: "token" },
    { method: "GET", path: "/experiments/:id/metrics", handler: functions.getExperimentMetrics, access: "token" },
    { method: "GET", path: "/groups", handler: functions.listGroups, access: "token" },
    { method: "GET", path: "/groups/:id", handler: functions.getGroup, access: "token" },
    { method: "PUT", path: "/groups/:id", handler: functions.updateGroup, access: "token" },
    { method: "GET", path: "/hosts", handler: functions.listHosts, access: "token" },
    { method: "GET", path: "/hosts/:name", handler: functions.getHost, access: "token" },
    { method: "PUT", path: "/hosts/:name", handler: functions.updateHost, access: "token" },
    { method: "DELETE", path: "/hosts/:name", handler: functions.deleteHost, access: "token" },
    { method: "GET", path: "/events", handler: functions.listEvents, access: "token" },
    { method: "GET", path: "/events/stream", handler: functions.streamEvents, access: "token" },
    { method: "GET", path: "/notifications", handler: functions.listNotifications, access: "token" },
    { method: "POST", path: "/notifications/resend", handler: functions.resendNotifications, access: "token" },
    { method: "GET", path: "/notifications/:id", handler: functions.getNotification, access: "token" },
    { method: "POST", path: "/notifications/:id/resend", handler: functions.resendNotification, access: "token" },
    { method: "POST", path: "/telegram/link", handler: functions.createTelegramLink, access: "token" },
    { method: "GET", path: "/metrics", handler: functions.getMetrics, access: "token" },
    { method: "GET", path: "/logs/:id", handler: functions.readLogs, access: "token" },
    { method: "GET", path: "/logs/:id/tail", handler: refuseSocketless(functions.tailLogs), access: "token" },
    {
      method: "POST",
      path: "/session",
      handler: createSession({ tokens, maxBody: config.http.max_body }),
      access: "origin",
    },
    { method: "DELETE", path: "/session", handler: deleteSession(), access: "origin" },
    { method: "GET", path: "/openapi.json", handler: getOpenapi(), access: "origin" },
    { method: "GET", path: "/docs", handler: getDocs(), access: "origin" },
    { method: "GET", path: "/healthz", handler: healthz(), access: "open" },
    { method: "GET", path: "/readyz", handler: readyz({ ready }), access: "open" },
  ];
}

/** `?ws` without an upgrade: a proxy took it away, or the client is none for websockets. */
function refuseSocketless(tail: EndpointHandler): EndpointHandler {
  return async (c, next) => {
    if (c.req.query("ws") === undefined) return (await tail(c, next)) as Response | undefined;
    throw new ApiError(
      "upgrade_required",
      "With ?ws this is a websocket: connect with an upgrade (a proxy between may drop it), or leave ?ws out.",
    );
  };
}

export function createRouter(deps: RouterDeps): Hono<Env> {
  return mount(routesOf(deps), {
    ...deps,
    nothing:
      "There is nothing under this path; the calls begin with /experiments, /groups, /logs, /hosts, /events, /notifications and /metrics, and /docs describes them.",
  });
}
