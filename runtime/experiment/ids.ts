// Ids of new experiments: UUIDs of version 4, random but for this: of those that come one soon after the other, each begins a
// little above the last. Postgres then puts them side by side into its indexes, in a page that is at hand (docs/performance.md).

import { randomInt, randomUUID } from "node:crypto";

/** What is made further apart has ids that say nothing of one another. */
const soonMs = 50;
/** By its first eight hex digits people name an experiment. */
const digits = 8;
const beginnings = 16 ** digits;
/** A thousand in a row are spread over a 2,000th of all beginnings. */
const farthest = 16 ** 3;

let last = 0;
let lastAt = -Infinity;

/** `now`: ms; a clock that is set back makes the last run of ids longer, no more. */
export function newId(now: number = Date.now()): string {
  last = now - lastAt < soonMs ? (last + 1 + randomInt(farthest)) % beginnings : randomInt(beginnings);
  lastAt = now;
  return last.toString(16).padStart(digits, "0") + randomUUID().slice(digits);
}
