// GET /events: who did what, when; oldest first or newest first, in pages. The next cursor comes in the header Skeduler-Cursor,
// absent on the last page; every event's id is a cursor too, and where a live feed can begin.

import type { Pool } from "../runtime/database/pool.ts";
import { readEvents } from "../runtime/database/statements/read-events.ts";
import { listEventsQuery } from "../runtime/events/query.ts";
import type { EndpointHandler } from "../runtime/http/env.ts";
import { parseQuery } from "../runtime/parse-query.ts";

export function listEvents({ db }: { readonly db: Pool }): EndpointHandler {
  return async (c) => {
    const { cursor, kind, ...asked } = parseQuery(listEventsQuery, c.req.query());
    const { events, more } = await readEvents(db, { ...asked, kinds: kind, after: cursor });
    const last = events.at(-1);
    return new Response(`[${events.map((event) => event.json).join(",")}]`, {
      headers: {
        "Content-Type": "application/json; charset=utf-8",
        ...(more && last !== undefined && { "Skeduler-Cursor": `${last.xid}.${last.id}` }),
      },
    });
  };
}
