// PUT /groups/{id} with {"status": "CANCELLED"}: cancels all of a sweep that waits or runs.

import { z } from "zod";
import type { Notifier } from "../runtime/database/notifier.ts";
import type { Pool } from "../runtime/database/pool.ts";
import { cancelGroup, readGroup } from "../runtime/database/statements/groups.ts";
import { ApiError } from "../runtime/errors.ts";
import { readJson } from "../runtime/http/body.ts";
import type { EndpointHandler } from "../runtime/http/env.ts";
import { parseId } from "../runtime/http/id.ts";
import { jsonAnswer } from "../runtime/http/json-answer.ts";

export interface UpdateGroupDeps {
  readonly db: Pool;
  readonly maxBody: number;
  readonly notifier: Notifier;
  readonly placeSoon: () => void;
}

export const groupChange = z.strictObject({ status: z.literal("CANCELLED", { error: "allowed is CANCELLED" }) });

export function updateGroup({ db, maxBody, notifier, placeSoon }: UpdateGroupDeps): EndpointHandler {
  return async (c) => {
    const id = parseId(c);
    const { value } = await readJson(c, maxBody);
    groupChange.parse(value);
    for (const one of await cancelGroup(db, id, c.get("owner"))) notifier.changed(one);
    const group = await readGroup(db, id);
    if (group === undefined) throw new ApiError("not_found", `There is no group ${id}.`);
    placeSoon(); // what comes after a cancelled one is cancelled too
    return jsonAnswer(group.body);
  };
}
