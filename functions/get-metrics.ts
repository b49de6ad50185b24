// GET /metrics: what this process tells Prometheus, as text. The same function on the API and on a runner.

import type { EndpointHandler } from "../runtime/http/env.ts";

export interface MetricsText {
  readonly contentType: string;
  readonly text: () => Promise<string>;
}

export function getMetrics(metrics: MetricsText): EndpointHandler {
  return async () =>
    new Response(await metrics.text(), {
      headers: { "Content-Type": metrics.contentType, "Cache-Control": "no-store" },
    });
}
