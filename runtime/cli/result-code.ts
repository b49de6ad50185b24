// The exit code that an ended experiment gives to `run` and `wait`. Pure.

import { cancelled, failed } from "./exit-codes.ts";
import type { Experiment } from "./wire.ts";

export function exitCodeOf({ status, result }: Pick<Experiment, "status" | "result">): number {
  if (status !== "FINISHED") return cancelled;
  return result?.exit_code ?? failed;
}
