// DELETE /hosts/{name}: takes a host off the list. Refused while it lives or anything is open there.

import type { Pool } from "../runtime/database/pool.ts";
import { removeHost } from "../runtime/database/statements/hosts.ts";
import { ApiError } from "../runtime/errors.ts";
import type { EndpointHandler } from "../runtime/http/env.ts";

export function deleteHost({ db }: { readonly db: Pool }): EndpointHandler {
  return async (c) => {
    const name = c.req.param("name") ?? "";
    const found = await removeHost(db, name, c.get("owner"));
    if (found === undefined) throw new ApiError("not_found", `There is no host "${name}".`);
    if (found.alive) throw new ApiError("conflict", `The host "${name}" lives: stop its runner first.`);
    if (found.open > 0)
      throw new ApiError(
        "conflict",
        `The host "${name}" has ${found.open} open attempts: they end, or are given up, first.`,
      );
    return c.json({ name, removed: true });
  };
}
