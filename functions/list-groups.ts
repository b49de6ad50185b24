// GET /groups: sweeps, newest first, ?limit (100) of them; the next page's ?cursor comes in the header Skeduler-Cursor.

import { z } from "zod";
import type { Pool } from "../runtime/database/pool.ts";
import { readGroups } from "../runtime/database/statements/groups.ts";
import type { EndpointHandler } from "../runtime/http/env.ts";
import { jsonAnswer } from "../runtime/http/json-answer.ts";
import { cursor, pageLimit } from "../runtime/http/page.ts";

const query = z.strictObject({ limit: pageLimit.default(100), cursor: cursor.optional() });

export function listGroups({ db }: { readonly db: Pool }): EndpointHandler {
  return async (c) => {
    const { limit, cursor: before } = query.parse(c.req.query());
    const groups = await readGroups(db, { before, limit });
    const answer = jsonAnswer(`[${groups.map((group) => group.body).join(",")}]`);
    const last = groups.at(-1);
    if (groups.length === limit && last !== undefined) answer.headers.set("Skeduler-Cursor", last.seq);
    return answer;
  };
}
