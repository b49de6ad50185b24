// POST /notifications/{id}/resend: sends one that was given up again, with all the patience of a new one.
// POST /notifications/resend: all that were given up, or those of one target: {"target": "NAME"}.

import { z } from "zod";
import type { Pool } from "../runtime/database/pool.ts";
import { readNotification, resendNotifications as sendAgain } from "../runtime/database/statements/dead-letters.ts";
import { ApiError } from "../runtime/errors.ts";
import { readJson } from "../runtime/http/body.ts";
import type { EndpointHandler } from "../runtime/http/env.ts";
import { parseId } from "../runtime/http/id.ts";
import { jsonAnswer } from "../runtime/http/json-answer.ts";

export function resendNotification({ db }: { readonly db: Pool }): EndpointHandler {
  return async (c) => {
    const id = parseId(c);
    const resent = await sendAgain(db, { id });
    const found = await readNotification(db, id);
    if (found === undefined) throw new ApiError("not_found", `There is no notification ${id}.`);
    if (resent === 0) {
      throw new ApiError(
        "conflict",
        "Only a notification that was given up (state failed), of a target that is configured, can be sent again.",
      );
    }
    return jsonAnswer(found);
  };
}

export const resendRequest = z.strictObject({
  target: z.string().min(1).optional().describe("Only those of this target."),
});

export function resendNotifications({ db, maxBody }: { readonly db: Pool; readonly maxBody: number }): EndpointHandler {
  return async (c) => {
    const { value } = await readJson(c, maxBody);
    const resent = await sendAgain(db, resendRequest.parse(value));
    return jsonAnswer(JSON.stringify({ resent }));
  };
}
