// GET /notifications: what was sent, what waits, and what was given up (?state=failed), the newest first, in pages.
// GET /notifications/{id}: one of them.

import { z } from "zod";
import type { Pool } from "../runtime/database/pool.ts";
import { readNotification, readNotifications } from "../runtime/database/statements/dead-letters.ts";
import { ApiError } from "../runtime/errors.ts";
import { deliveryStates } from "../runtime/experiment/notify.ts";
import type { EndpointHandler } from "../runtime/http/env.ts";
import { parseId } from "../runtime/http/id.ts";
import { jsonAnswer } from "../runtime/http/json-answer.ts";
import { cursor, pageLimit } from "../runtime/http/page.ts";
import { parseQuery } from "../runtime/parse-query.ts";

const usualLimit = 100;

export const listNotificationsQuery = z.strictObject({
  state: z.enum(deliveryStates, { error: `allowed are ${deliveryStates.join(", ")}` }).optional(),
  target: z.string().optional(),
  experiment: z.guid("an experiment's id").optional(),
  limit: pageLimit.default(usualLimit).describe("One page of so many."),
  cursor: cursor.optional().describe("Go on after the page that answered this in Skeduler-Cursor."),
});

export function listNotifications({ db }: { readonly db: Pool }): EndpointHandler {
  return async (c) => {
    const { cursor: before, ...asked } = parseQuery(listNotificationsQuery, c.req.query());
    const { bodies, last } = await readNotifications(db, { ...asked, before });
    const answer = jsonAnswer(`[${bodies.join(",")}]`);
    if (last !== undefined) answer.headers.set("Skeduler-Cursor", last);
    return answer;
  };
}

export function getNotification({ db }: { readonly db: Pool }): EndpointHandler {
  return async (c) => {
    const id = parseId(c);
    const found = await readNotification(db, id);
    if (found === undefined) throw new ApiError("not_found", `There is no notification ${id}.`);
    return jsonAnswer(found);
  };
}
