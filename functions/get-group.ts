// GET /groups/{id}: a sweep: its matrix, and how many of its experiments are in which state.

import type { Pool } from "../runtime/database/pool.ts";
import { readGroups } from "../runtime/database/statements/groups.ts";
import { ApiError } from "../runtime/errors.ts";
import type { EndpointHandler } from "../runtime/http/env.ts";
import { parseId } from "../runtime/http/id.ts";
import { jsonAnswer } from "../runtime/http/json-answer.ts";

export function getGroup({ db }: { readonly db: Pool }): EndpointHandler {
  return async (c) => {
    const id = parseId(c);
    const [group] = await readGroups(db, { id });
    if (group === undefined) throw new ApiError("not_found", `There is no group ${id}.`);
    return jsonAnswer(group.body);
  };
}
