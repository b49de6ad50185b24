// GET /experiments/{id}/placement: why it waits. Position in the line, for every host the first rule that it fails, and
// when it may start, by the code that places.

import { ApiError } from "../runtime/errors.ts";
import type { EndpointHandler } from "../runtime/http/env.ts";
import { parseId } from "../runtime/http/id.ts";
import type { Placement } from "../runtime/placement.ts";

export function getPlacement({ placement }: { readonly placement: Placement }): EndpointHandler {
  return async (c) => {
    const id = parseId(c);
    const found = await placement.explain(id);
    if (found === undefined) throw new ApiError("not_found", `There is no experiment ${id}.`);
    const time = (ms: number | null): string | null => (ms === null ? null : new Date(ms).toISOString());
    return c.json({
      id,
      status: found.status,
      position: found.position,
      message: found.message,
      estimated_start: time(found.estimatedStart),
      reservation: found.reservation && {
        host: found.reservation.host,
        from: time(found.reservation.at),
        gpus: found.reservation.gpus,
      },
      hosts: found.hosts.map(({ host, refusal }) => ({
        host,
        fits: refusal === undefined,
        rule: refusal?.rule ?? null,
        message: refusal === undefined ? "it would start here" : refusal.message,
      })),
    });
  };
}
