// GET /experiments/{id}: the experiment, or 404. Requests of the moment share one query.

import { coalesce } from "../runtime/coalesce.ts";
import type { Pool } from "../runtime/database/pool.ts";
import { readExperiments } from "../runtime/database/statements/read-experiments.ts";
import { ApiError } from "../runtime/errors.ts";
import type { EndpointHandler } from "../runtime/http/env.ts";
import { parseId } from "../runtime/http/id.ts";
import { jsonAnswer } from "../runtime/http/json-answer.ts";

const batchLimit = 200;

export function getExperiment({ db }: { readonly db: Pool }): EndpointHandler {
  const read = coalesce<string, string | undefined>({
    limit: batchLimit,
    parallel: 2,
    separable: () => false,
    run: async (ids) => {
      const found = await readExperiments(db, ids);
      return ids.map((id) => found.get(id));
    },
  });
  return async (c) => {
    const id = parseId(c);
    const experiment = await read(id);
    if (experiment === undefined) throw new ApiError("not_found", `There is no experiment ${id}.`);
    return jsonAnswer(experiment);
  };
}
