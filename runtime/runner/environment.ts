// The environment of a container: the experiment's own variables (secrets filled in), and what Skeduler tells it. Pure.

import type { OpenAttempt } from "../database/statements/runner.ts";

export function environmentOf(
  attempt: OpenAttempt,
  own: Readonly<Record<string, string>>,
  { host, output }: { readonly host: string; readonly output: string | undefined },
): Record<string, string> {
  return {
    ...own,
    SKEDULER_ID: attempt.experiment_id,
    SKEDULER_NAME: attempt.name,
    SKEDULER_ATTEMPT: String(attempt.number),
    SKEDULER_HOST_NAME: host,
    SKEDULER_GPUS: attempt.gpus.join(","),
    ...(output !== undefined && { SKEDULER_OUTPUT: "/output" }),
  };
}
