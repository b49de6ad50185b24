// Where a runner answers Prometheus, if it is configured to: /metrics with a token, /healthz without. The same guard and log as the API's.

import { getMetrics, type MetricsText } from "../../functions/get-metrics.ts";
import { healthz } from "../../functions/health.ts";
import type { Config } from "../config/schema.ts";
import { ensureTokens } from "../config/tokens.ts";
import { ApiError } from "../errors.ts";
import { serve, type Listening } from "../http/listen.ts";
import { mount } from "../http/mount.ts";
import { answerError } from "../http/raw-answer.ts";
import type { Log } from "../log.ts";

/** Undefined where runner.listen is not set. */
export async function serveEndpoint(
  config: Config,
  { metrics, log }: { readonly metrics: MetricsText; readonly log: Log },
): Promise<Listening | undefined> {
  const { listen } = config.runner;
  if (listen === undefined) return undefined;
  const http = { ...config.http, listen };
  const tokens = ensureTokens(config, (_token, file) => log.warn({ file }, "no token is configured, so one was made"));
  const app = mount(
    [
      { method: "GET", path: "/metrics", handler: getMetrics(metrics), access: "token" },
      { method: "GET", path: "/healthz", handler: healthz(), access: "open" },
    ],
    { tokens, config: { http }, log, nothing: "A runner answers /metrics and /healthz; everything else is the API's." },
  );
  const onUpgrade: Parameters<typeof serve>[2]["onUpgrade"] = (_request, socket) =>
    answerError(socket, new ApiError("not_found", "There is no websocket on a runner."));
  return serve(app, { http }, { onUpgrade, log, key: "runner.listen" });
}
