// --since as people write it: "10m", "2h30m", "3d" ago, or a time. Pure.

import { UserError } from "../errors.ts";
import { parseDuration } from "../experiment/units.ts";
import { usage } from "./exit-codes.ts";

const day = 86_400_000;

/** RFC 3339; a time with nanoseconds, as --timestamps shows it, stays as it is. */
export function sinceTime(text: string, now: number): string {
  if (/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/.test(text)) return text;
  const days = /^(\d+)d$/.exec(text)?.[1];
  const ms = days === undefined ? parseDuration(text) : Number(days) * day;
  // Date.parse takes a bare number for a year and a word beside one for a date.
  const time = ms !== undefined ? now - ms : /^\d{4}-\d\d-\d\d/.test(text) ? Date.parse(text) : NaN;
  if (Number.isNaN(time))
    throw new UserError(`--since ${text}: write how long ago ("10m", "2h", "3d") or a time ("2026-11-24 14:20").`, {
      exitCode: usage,
    });
  return new Date(time).toISOString();
}
