// GET /hosts/{name}: one host, or 404.

import type { Pool } from "../runtime/database/pool.ts";
import { readHostsJson } from "../runtime/database/statements/hosts.ts";
import { ApiError } from "../runtime/errors.ts";
import type { EndpointHandler } from "../runtime/http/env.ts";
import { jsonAnswer } from "../runtime/http/json-answer.ts";

export function getHost({ db }: { readonly db: Pool }): EndpointHandler {
  return async (c) => {
    const name = c.req.param("name") ?? "";
    const [host] = await readHostsJson(db, name);
    if (host === undefined) throw new ApiError("not_found", `There is no host "${name}".`);
    return jsonAnswer(host);
  };
}
