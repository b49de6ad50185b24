// GET /groups: sweeps, newest first, ?limit (100) of them, filtered by ?name and ?id_prefix; the next page's ?cursor comes in the header Skeduler-Cursor.

import { z } from "zod";
import type { Pool } from "../runtime/database/pool.ts";
import { readGroups } from "../runtime/database/statements/groups.ts";
import type { EndpointHandler } from "../runtime/http/env.ts";
import { jsonAnswer } from "../runtime/http/json-answer.ts";
import { cursor, idPrefix, pageLimit } from "../runtime/http/page.ts";

const query = z.strictObject({
  limit: pageLimit.default(100),
  cursor: cursor.optional(),
  name: z.string().optional(),
  id_prefix: idPrefix.optional(),
});

export function listGroups({ db }: { readonly db: Pool }): EndpointHandler {
  return async (c) => {
    const { cursor: before, ...asked } = query.parse(c.req.query());
    const groups = await readGroups(db, { before, ...asked });
    const answer = jsonAnswer(`[${groups.map((group) => group.body).join(",")}]`);
    const last = groups.at(-1);
    if (groups.length === asked.limit && last !== undefined) answer.headers.set("Skeduler-Cursor", last.seq);
    return answer;
  };
}
