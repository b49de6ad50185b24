// Trying again while the server is away: it restarts, or a proxy before it. The first try must reach it, so that a wrong
// address is told at once; what is repeated must be safe to repeat.

import { setTimeout as sleep } from "node:timers/promises";
import { isPassing, Unreachable } from "./client.ts";

const firstPause = 250;
const longestPause = 5_000;

/** How long to wait before the next try, ms: doubled each time, with some chance so that not all come at once. */
export function pauseBefore(attempt: number): number {
  return Math.min(firstPause * 2 ** attempt, longestPause) * (0.75 + Math.random() / 2);
}

/** What `work` gives, tried for `ms` while the server is away. */
export async function patiently<T>(ms: number, work: () => Promise<T>): Promise<T> {
  const until = Date.now() + ms;
  for (let attempt = 0; ; attempt += 1) {
    try {
      return await work();
    } catch (error) {
      const pause = pauseBefore(attempt);
      const never = attempt === 0 && error instanceof Unreachable && neverThere(error);
      if (never || !isPassing(error) || Date.now() + pause > until) throw error;
      await sleep(pause);
    }
  }
}

function neverThere({ cause }: Unreachable): boolean {
  return cause instanceof Error && "code" in cause && cause.code !== "ECONNRESET";
}
