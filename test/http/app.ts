// A router with stand-in functions, for tests of what stands around them.
import { pino } from "pino";
import { loadConfig } from "../../runtime/config/load.ts";
import type { EndpointHandler } from "../../runtime/http/env.ts";
import { parseId } from "../../runtime/http/id.ts";
import { readJson } from "../../runtime/http/body.ts";
import { createRouter, type Functions } from "../../runtime/http/router.ts";

export const tokens = [
  { name: "token-1", token: "sesame" },
  { name: "ada lovelace", token: "countess" },
];
export const id = "123e4567-e89b-12d3-a456-426614174000";
export const authorized = { Authorization: "Bearer sesame" };

export function makeApp({
  env = {},
  functions = {},
  ready = async () => Promise.resolve(),
}: { env?: NodeJS.ProcessEnv; functions?: Partial<Functions>; ready?: () => Promise<void> } = {}) {
  const config = loadConfig({ env: { SKEDULER_HTTP_LISTEN: "127.0.0.1:0", SKEDULER_HTTP_MAX_BODY: "1000", ...env } });
  const logged: string[] = [];
  const log = pino({ level: "debug" }, { write: (line: string) => logged.push(line) });
  const owner: EndpointHandler = (c) => c.json({ owner: c.get("owner") });
  const withId: EndpointHandler = (c) => c.json({ id: parseId(c) });
  const app = createRouter({
    functions: {
      createExperiment: async (c) => c.json(await readJson(c, config.http.max_body)),
      listExperiments: owner,
      getExperiment: withId,
      getPlacement: withId,
      listGroups: owner,
      getGroup: withId,
      updateGroup: withId,
      listHosts: owner,
      getHost: owner,
      updateHost: owner,
      deleteHost: owner,
      listNotifications: owner,
      getNotification: withId,
      resendNotification: withId,
      resendNotifications: owner,
      createTelegramLink: owner,
      updateExperiment: withId,
      listEvents: owner,
      getMetrics: owner,
      getExperimentMetrics: withId,
      streamEvents: owner,
      readLogs: withId,
      tailLogs: withId,
      ...functions,
    },
    tokens,
    config,
    log,
    ready,
  });
  return { app, config, log, logged };
}

export type App = ReturnType<typeof makeApp>["app"];

/** A request as a client on this machine sends it. */
export async function request(
  app: App,
  path: string,
  init: Omit<RequestInit, "headers"> & { headers?: Record<string, string> } = {},
) {
  const answer = await app.request(path, { ...init, headers: { Host: "localhost:8080", ...init.headers } });
  const text = await answer.text();
  const body = text === "" ? {} : (JSON.parse(text) as Record<string, unknown>);
  return { status: answer.status, headers: answer.headers, body, code: body["code"] };
}
