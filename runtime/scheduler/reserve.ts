// Where a request that cannot start now will start soonest, and which GPUs to hold for it.

import type { Gpu, Host, Request, Reservation } from "./model.ts";
import { incapable, lacking, matches, needOf, Room } from "./room.ts";

/** About what it takes to see whether a GPU is clean, ms. */
export const aCheck = 1_000;

/** When a request could start on a host if nothing else were placed there, and on which GPUs. Undefined: never. */
export function soonest(request: Request, host: Host, now: number): Reservation | undefined {
  if (host.closed !== undefined || incapable(request, host) !== undefined) return undefined;
  if (lacking(request, Room.now(host)) === undefined) return reservation(Room.now(host), now);
  const ends = host.holdings.toSorted((a, b) => a.endsAt - b.endsAt);
  for (let ended = 0; ended <= ends.length; ended++) {
    const room = Room.beside(host, ends.slice(ended));
    if (lacking(request, room) !== undefined) continue;
    return reservation(room, Math.max(now + aCheck, ends[ended - 1]?.endsAt ?? 0));
  }
  return undefined; // withheld GPUs

  function reservation(room: Room, at: number): Reservation {
    // The GPUs that come free last are held: those that are free now stay of use to others until then.
    const freedAt = new Map(host.holdings.flatMap((one) => one.gpus.map((gpu) => [gpu, one.endsAt] as const)));
    const latestFirst = (a: Gpu, b: Gpu): number => (freedAt.get(b.uuid) ?? 0) - (freedAt.get(a.uuid) ?? 0);
    const gpus = room.gpus.filter((gpu) => matches(request, gpu)).sort(latestFirst);
    const held = gpus.slice(0, needOf(request, host).gpus).map((gpu) => gpu.uuid);
    return { experimentId: request.id, host: host.name, at, gpus: held };
  }
}

/**
 * The reservation of a request: on the host that had it before, as long as it can be there (one that moved with every
 * guess could be overtaken for ever), else where it starts soonest. Undefined where no host could ever start it.
 */
export function reserve(
  request: Request,
  hosts: readonly Host[],
  { now, before }: { readonly now: number; readonly before?: Pick<Reservation, "experimentId" | "host"> | undefined },
): Reservation | undefined {
  const kept = before?.experimentId === request.id ? hosts.find((host) => host.name === before.host) : undefined;
  const again = kept === undefined ? undefined : soonest(request, kept, now);
  if (again !== undefined) return again;
  let best: Reservation | undefined;
  for (const host of hosts) {
    const here = soonest(request, host, now);
    if (here !== undefined && (best === undefined || here.at < best.at)) best = here;
  }
  return best;
}
