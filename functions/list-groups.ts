// GET /groups: sweeps, newest first, ?limit (100) of them, filtered by ?name and ?id_prefix; the next page's ?cursor comes in the header Skeduler-Cursor.

import { z } from "zod";
import type { Pool } from "../runtime/database/pool.ts";
import { readGroups } from "../runtime/database/statements/groups.ts";
import type { EndpointHandler } from "../runtime/http/env.ts";
import { jsonAnswer } from "../runtime/http/json-answer.ts";
import { cursor, idPrefix, pageLimit } from "../runtime/http/page.ts";
import { parseQuery } from "../runtime/parse-query.ts";

export const listGroupsQuery = z.strictObject({
  limit: pageLimit.default(100).describe("One page of so many."),
  cursor: cursor.optional().describe("Go on after the page that answered this in Skeduler-Cursor."),
  name: z.string().optional(),
  id_prefix: idPrefix.optional().describe("The beginning of an id."),
});

export function listGroups({ db }: { readonly db: Pool }): EndpointHandler {
  return async (c) => {
    const { cursor: before, ...asked } = parseQuery(listGroupsQuery, c.req.query());
    const { bodies, last } = await readGroups(db, { before, ...asked });
    const answer = jsonAnswer(`[${bodies.join(",")}]`);
    if (last !== undefined) answer.headers.set("Skeduler-Cursor", last);
    return answer;
  };
}
