// Where a request that cannot start now will start soonest, and which GPUs to hold for it.

import type { Gpu, Host, Request, Reservation } from "./model.ts";
import { incapable, lacking, matches, needOf, Room } from "./room.ts";

/** When a request could start on a host if nothing else were placed there, and on which GPUs. Undefined: never. */
export function soonest(request: Request, host: Host, now: number): Reservation | undefined {
  if (host.closed !== undefined || incapable(request, host) !== undefined) return undefined;
  const ends = host.holdings.toSorted((a, b) => a.endsAt - b.endsAt);
  for (let ended = 0; ended <= ends.length; ended++) {
    const room = Room.beside(host, ends.slice(ended));
    if (lacking(request, room) !== undefined) continue;
    // The GPUs that come free last are held: those that are free now stay of use to others until then.
    const freedAt = new Map(ends.flatMap((one) => one.gpus.map((gpu) => [gpu, one.endsAt] as const)));
    const latestFirst = (a: Gpu, b: Gpu): number => (freedAt.get(b.uuid) ?? 0) - (freedAt.get(a.uuid) ?? 0);
    const gpus = room.gpus.filter((gpu) => matches(request, gpu)).sort(latestFirst);
    return {
      experimentId: request.id,
      host: host.name,
      at: ends[ended - 1]?.endsAt ?? now,
      gpus: gpus.slice(0, needOf(request, host).gpus).map((gpu) => gpu.uuid),
    };
  }
  return undefined; // withheld GPUs
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
