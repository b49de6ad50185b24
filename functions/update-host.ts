// PUT /hosts/{name}: cordoned or draining (nothing new is placed there, what runs finishes), or active again; with a reason.
// Or an operator's word on what ran there after the moment to which the database was restored.

import { z } from "zod";
import type { Pool } from "../runtime/database/pool.ts";
import { changeHost, hostStates, readHostsJson } from "../runtime/database/statements/hosts.ts";
import { decide, words } from "../runtime/database/statements/restored.ts";
import { ApiError } from "../runtime/errors.ts";
import { readJson } from "../runtime/http/body.ts";
import type { EndpointHandler } from "../runtime/http/env.ts";
import { jsonAnswer } from "../runtime/http/json-answer.ts";

export interface UpdateHostDeps {
  readonly db: Pool;
  readonly maxBody: number;
  readonly placeSoon: () => void;
}

const change = z.strictObject({
  state: z.enum(hostStates, { error: `allowed are ${hostStates.join(", ")}` }),
  reason: z.string().trim().max(1000).nullish(),
});

const word = z.strictObject({
  restored: z.enum(words, { error: `allowed are ${words.join(", ")}` }),
  /** Those of `restored.unknown` that are meant; absent: all. */
  attempts: z.array(z.guid()).min(1).nullish(),
});

export const hostChange = z.union([change, word]);

export function updateHost({ db, maxBody, placeSoon }: UpdateHostDeps): EndpointHandler {
  return async (c) => {
    const name = c.req.param("name") ?? "";
    const { value } = await readJson(c, maxBody);
    const by = c.get("owner");
    if (typeof value === "object" && value !== null && "restored" in value) {
      const { restored, attempts } = word.parse(value);
      const decided = await decide(db, { host: name, word: restored, attempts: attempts ?? undefined, by });
      if (decided === undefined)
        throw new ApiError(
          "conflict",
          `Nothing of this waits for a word on the host "${name}": see restored of GET /hosts/${name}.`,
        );
    } else {
      const { state, reason } = change.parse(value);
      const found = await changeHost(db, {
        name,
        state,
        reason: reason === "" ? undefined : (reason ?? undefined),
        by,
      });
      if (!found) throw new ApiError("not_found", `There is no host "${name}".`);
    }
    placeSoon();
    const [host] = await readHostsJson(db, name);
    if (host === undefined) throw new ApiError("not_found", `There is no host "${name}".`);
    return jsonAnswer(host);
  };
}
