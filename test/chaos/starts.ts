// Counts how often containers are started, by the Engine's own events; what happens to containers of others is a violation.
// The Engine forgets its events when it ends: what it forgot, the containers' own notes tell (audit.ts).

import { setTimeout as sleep } from "node:timers/promises";
import { createInterface } from "node:readline";
import type { World } from "./world.ts";

interface DockerEvent {
  readonly Action: string;
  readonly id: string;
  readonly time: number;
  readonly timeNano: number;
  readonly Actor: { readonly Attributes: Readonly<Record<string, string>> };
}

/** Reads the Engine's events until the signal aborts. */
export async function countStarts(world: World, signal: AbortSignal): Promise<void> {
  const starts = new Map<string, number>();
  const seen = new Set<string>();
  let last = Math.floor(Date.now() / 1000);
  while (!signal.aborted) {
    try {
      const stream = await world.engine.docker.getEvents({
        since: last,
        filters: { type: ["container"] },
        abortSignal: signal,
      });
      for await (const line of createInterface({ input: stream })) {
        const event = JSON.parse(line) as DockerEvent;
        const key = `${event.timeNano}/${event.id}/${event.Action}`;
        if (seen.has(key)) continue;
        seen.add(key);
        last = event.time;
        take(event);
      }
    } catch {
      // The Engine is down, or we stop.
    }
    await sleep(300, undefined, { signal }).catch(() => undefined);
  }

  function take(event: DockerEvent): void {
    if (world.foreign.has(event.id)) {
      // Docker itself stops and starts them when it is restarted without live-restore; we have no business with them.
      if (["kill", "stop", "destroy", "pause", "exec_create"].includes(event.Action) && !world.stoppedAll)
        world.findings.violated("containers of others are not touched", `${event.Action} of ${event.id}`);
      return;
    }
    const attempt = event.Actor.Attributes["skeduler.attempt"];
    if (event.Action !== "start" || attempt === undefined) return;
    world.findings.count("starts of containers");
    const count = (starts.get(attempt) ?? 0) + 1;
    starts.set(attempt, count);
    if (count > 1) world.findings.violated("started at most once an attempt", `attempt ${attempt}: ${count} times`);
  }
}
