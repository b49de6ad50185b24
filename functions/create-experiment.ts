// POST /experiments: checks the body, inserts the experiment and the placement job in one transaction shared with all
// POSTs of the moment, answers the complete experiment. With Idempotency-Key the same body is created once in 24 hours.

import { createHash, randomUUID } from "node:crypto";
import { isUnavailable } from "../runtime/database/faults.ts";
import type { Pool } from "../runtime/database/pool.ts";
import { createExperiments, type NewRow } from "../runtime/database/statements/create-experiments.ts";
import { createOnce } from "../runtime/database/statements/idempotency.ts";
import { ApiError } from "../runtime/errors.ts";
import { newExperiment } from "../runtime/experiment/schema.ts";
import { coalesce } from "../runtime/coalesce.ts";
import { readJson } from "../runtime/http/body.ts";
import type { EndpointHandler } from "../runtime/http/env.ts";
import { jsonAnswer } from "../runtime/http/json-answer.ts";

export interface CreateDeps {
  readonly db: Pool;
  readonly maxBody: number;
  /** Called after the commit: there is something to place. */
  readonly placeSoon: () => void;
}

/** Rows per transaction: enough that its commit is shared, few enough that nobody waits long. */
const batchLimit = 200;

export function createExperiment({ db, maxBody, placeSoon }: CreateDeps): EndpointHandler {
  const insert = coalesce<NewRow, string>({
    limit: batchLimit,
    parallel: 2,
    separable: (error) => !isUnavailable(error),
    run: async (rows) => {
      const created = await createExperiments(db, rows);
      placeSoon();
      return rows.map((row) => required(created.get(row.id)));
    },
  });
  return async (c) => {
    const { raw, value } = await readJson(c.req.raw, maxBody);
    newExperiment.parse(value);
    const row = { id: randomUUID(), body: raw, owner: c.get("owner") };
    const key = c.req.header("idempotency-key");
    if (key === undefined) return jsonAnswer(await insert(row));
    if (key === "" || key.length > 255) {
      throw new ApiError("validation", "Idempotency-Key must have 1 to 255 characters.");
    }
    const hash = createHash("sha256").update(raw).digest();
    const answer = await createOnce(db, row, key, hash);
    if (answer === "mismatch") {
      throw new ApiError("idempotency_mismatch", "This Idempotency-Key was used with another body within 24 hours.");
    }
    placeSoon();
    return jsonAnswer(answer);
  };
}

function required(experiment: string | undefined): string {
  if (experiment === undefined) throw new Error("an inserted experiment was not answered");
  return experiment;
}
