// The environment of a container: the experiment's own variables, and what Skeduler tells it. Pure.

import type { OpenAttempt } from "../database/statements/runner.ts";

export function environmentOf(attempt: OpenAttempt, host: string, output: string | undefined): Record<string, string> {
  const own = Object.entries(attempt.environment).map(([name, value]): [string, string] => [name, value ?? ""]);
  return {
    ...Object.fromEntries(own),
    SKEDULER_ID: attempt.experiment_id,
    SKEDULER_NAME: attempt.name,
    SKEDULER_ATTEMPT: String(attempt.number),
    SKEDULER_HOST_NAME: host,
    SKEDULER_GPUS: attempt.gpus.join(","),
    ...(output !== undefined && { SKEDULER_OUTPUT: "/output" }),
  };
}
