// How long an attempt may run, counted from its container's start, so that it holds across restarts of the runner; and the
// warning before, if it was asked for. Told by timers: nothing here touches Docker.

import type { OpenAttempt } from "../database/statements/runner.ts";
import { parseDuration } from "../experiment/units.ts";

export interface TimeLimit {
  /** When it is over, ms since the epoch; undefined: there is none. */
  readonly at: number | undefined;
  /** Aborts when it is over. */
  readonly signal: AbortSignal;
  clear(): void;
}

/** `warn` is called once, at the moment asked for, or now where that has passed and no earlier runner did. */
export function timeLimit(
  { time_limit: limit, time_limit_warning: warning, warned }: OpenAttempt,
  startedAt: Date | undefined,
  warn: (signal: string, before: string) => void,
): TimeLimit {
  const controller = new AbortController();
  const { signal } = controller;
  const length = limit === null ? undefined : parseDuration(limit);
  if (length === undefined || startedAt === undefined) return { at: undefined, signal, clear: () => undefined };
  const at = startedAt.getTime() + length;
  const when = (time: number, work: () => void): NodeJS.Timeout => setTimeout(work, Math.max(0, time - Date.now()));
  const timers = [when(at, () => controller.abort())];
  if (warning !== null && !warned)
    timers.push(when(at - (parseDuration(warning.before) ?? 0), () => warn(warning.signal, warning.before)));
  return { at, signal, clear: () => timers.forEach((timer) => clearTimeout(timer)) };
}
