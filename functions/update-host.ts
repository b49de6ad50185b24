// PUT /hosts/{name}: cordoned or draining (nothing new is placed there, what runs finishes), or active again; with a reason.

import { z } from "zod";
import type { Pool } from "../runtime/database/pool.ts";
import { changeHost, hostStates, readHostsJson } from "../runtime/database/statements/hosts.ts";
import { ApiError } from "../runtime/errors.ts";
import { readJson } from "../runtime/http/body.ts";
import type { EndpointHandler } from "../runtime/http/env.ts";
import { jsonAnswer } from "../runtime/http/json-answer.ts";

export interface UpdateHostDeps {
  readonly db: Pool;
  readonly maxBody: number;
  readonly placeSoon: () => void;
}

export const hostChange = z.strictObject({
  state: z.enum(hostStates, { error: `allowed are ${hostStates.join(", ")}` }),
  reason: z.string().trim().max(1000).nullish(),
});

export function updateHost({ db, maxBody, placeSoon }: UpdateHostDeps): EndpointHandler {
  return async (c) => {
    const name = c.req.param("name") ?? "";
    const { value } = await readJson(c.req.raw, maxBody);
    const { state, reason } = hostChange.parse(value);
    const asked = { name, state, reason: reason === "" ? undefined : (reason ?? undefined), by: c.get("owner") };
    const [host] = (await changeHost(db, asked)) ? await readHostsJson(db, name) : [];
    if (host === undefined) throw new ApiError("not_found", `There is no host "${name}".`);
    placeSoon();
    return jsonAnswer(host);
  };
}
