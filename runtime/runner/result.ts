// Why an attempt ended, from what Docker says of its container and what the runner knows of its stopping. Pure.

import type { OpenAttempt } from "../database/statements/runner.ts";
import type { ContainerState } from "../docker/containers.ts";
import { describeExit, signalName } from "../docker/exit.ts";
import type { Reason, Result } from "../experiment/states.ts";

/** Ends that are not the program's own. */
export const stopReasons: ReadonlySet<Reason> = new Set(["user", "time_limit", "host_lost"]);

export interface Stopping {
  /** This runner stopped it. */
  readonly stopped: boolean;
  readonly cancelled: boolean;
  /** The host stopped it, cut off from the database. */
  readonly fenced: boolean;
  /** When its time was over, ms since the epoch. */
  readonly limitAt: number | undefined;
}

export function resultOf(
  attempt: Pick<OpenAttempt, "memory" | "time_limit">,
  end: ContainerState,
  { stopped, cancelled, fenced, limitAt }: Stopping,
): Result {
  // Dead by a signal without our having sent it: an earlier runner had, if there is a reason.
  const killed = stopped || end.exitCode === 143 || end.exitCode === 137;
  if (cancelled && killed) return stoppedBy("user", "Cancelled", end);
  if (fenced) return stoppedBy("host_lost", "Stopped by its own host, which was cut off from the database", end);
  const atLimit = limitAt !== undefined && (end.finishedAt?.getTime() ?? 0) >= limitAt;
  if (atLimit && killed)
    return stoppedBy("time_limit", `Stopped at its time limit of ${attempt.time_limit ?? ""}`, end);
  return describeExit(end, attempt.memory ?? undefined);
}

function stoppedBy(reason: Reason, why: string, end: ContainerState): Result {
  const signal = signalName(end.exitCode);
  return {
    reason,
    exit_code: end.exitCode,
    signal,
    message: `${why}; the container ended with exit code ${end.exitCode}${signal === null ? "" : ` (${signal})`}.`,
  };
}
