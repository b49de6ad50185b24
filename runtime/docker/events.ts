// What the Engine remembers of the past: its last 256 events, in memory alone. That tells whether it has been restarted.

import { buffer } from "node:stream/consumers";
import { z } from "zod";
import { asking, type Engine } from "./engine.ts";

const event = z.object({ timeNano: z.number() });
/** Ms. */
const patience = 30_000;

/**
 * Whether the Engine has run without a restart since then, by its own clock: it remembers something from before. False also where
 * nothing had happened before, or more than 256 things since.
 */
export async function livedSince(engine: Engine, then: Date): Promise<boolean> {
  const until = Math.floor(Date.now() / 1000);
  const text = await asking(engine, async () => {
    const answer = await engine.docker.getEvents({ since: 1, until, abortSignal: AbortSignal.timeout(patience) });
    return (await buffer(answer)).toString();
  });
  const [oldest = ""] = text.split("\n", 1);
  return oldest !== "" && event.parse(JSON.parse(oldest)).timeNano / 1e6 <= then.getTime();
}
