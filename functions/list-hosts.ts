// GET /hosts: every host by name, with what it has, who holds what, and whether it lives.

import type { Pool } from "../runtime/database/pool.ts";
import { readHostsJson } from "../runtime/database/statements/hosts.ts";
import type { EndpointHandler } from "../runtime/http/env.ts";
import { jsonAnswer } from "../runtime/http/json-answer.ts";

export function listHosts({ db }: { readonly db: Pool }): EndpointHandler {
  return async () => jsonAnswer(`[${(await readHostsJson(db)).join(",")}]`);
}
