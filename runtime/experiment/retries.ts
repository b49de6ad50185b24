// When an experiment that ended is tried again by itself: only if it asked for it, by cause. Pure.

import { z } from "zod";
import type { Result } from "./states.ts";
import { parseDuration } from "./units.ts";

/** The ends that may be followed by another attempt. `exited` means an exit code other than 0. */
export const retryable = ["host_lost", "engine", "image", "exited", "oom"] as const;

const longestBackoff = 3_600_000;

const count = z.int({ error: "a whole number from 0 to 100" }).min(0).max(100);

const full = z.strictObject({
  count,
  on: z
    .array(z.enum(retryable, { error: `allowed are ${retryable.join(", ")}` }))
    .min(1)
    .default(["host_lost", "engine", "image"]),
  backoff: z
    .string()
    .refine((text) => parseDuration(text) !== undefined, { error: 'a duration such as "30s" or "5m"' })
    .default("10s"),
});

/** A number is that many for causes that are not the program's own. */
export const retries = z.union([count.transform((n) => full.parse({ count: n })), full], {
  error: `a whole number from 0 to 100, or {"count": 2, "on": ["host_lost"], "backoff": "10s"}; on allows ${retryable.join(", ")}`,
});
export type Retries = z.output<typeof retries>;

/** How long to wait before the next attempt, ms: doubled each time, at most an hour; undefined: no other attempt. */
export function retryDelay(asked: Retries | null, retried: number, result: Result): number | undefined {
  if (asked === null || retried >= asked.count) return undefined;
  if (!(asked.on as readonly string[]).includes(result.reason)) return undefined;
  if (result.reason === "exited" && result.exit_code === 0) return undefined;
  return Math.min((parseDuration(asked.backoff) ?? 0) * 2 ** retried, longestBackoff);
}
