// POST /experiments: checks the body, inserts the experiment and the placement job in one transaction shared with all
// POSTs of the moment, answers the complete experiment. An array is one unit: all of it or nothing. With Idempotency-Key the same body is created once in 24 hours.

import { createHash, randomUUID } from "node:crypto";
import { isUnavailable } from "../runtime/database/faults.ts";
import type { Pool } from "../runtime/database/pool.ts";
import {
  createExperiments,
  elementsOf,
  findExperiments,
  type NewRow,
} from "../runtime/database/statements/create-experiments.ts";
import { createOnce } from "../runtime/database/statements/idempotency.ts";
import { ApiError } from "../runtime/errors.ts";
import { newExperiment, newExperiments, type NewExperiment } from "../runtime/experiment/schema.ts";
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
    const key = c.req.header("idempotency-key");
    if (Array.isArray(value)) {
      const asked = newExperiments.parse(value);
      if (key !== undefined)
        throw new ApiError("validation", "Idempotency-Key is for one experiment, not for an array.");
      const bodies = await elementsOf(db, raw);
      const rows = await rowsOf(db, asked, bodies, c.get("owner"));
      const created = await createExperiments(db, rows);
      placeSoon();
      return jsonAnswer(`[${rows.map((row) => required(created.get(row.id))).join(",")}]`);
    }
    const [row] = await rowsOf(db, [newExperiment.parse(value)], [raw], c.get("owner"));
    if (row === undefined) throw new Error("a body made no row");
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

/** The rows to insert. What `after` names is looked for among those before it in the same body, then among all. */
async function rowsOf(
  db: Pool,
  asked: readonly NewExperiment[],
  bodies: readonly string[],
  owner: string,
): Promise<NewRow[]> {
  const names = new Set(asked.flatMap((one) => one.after ?? []));
  const known = names.size === 0 ? new Map<string, string>() : await findExperiments(db, [...names]);
  return asked.map((one, index) => {
    const after = (one.after ?? []).map((name, n) => {
      const id = known.get(name);
      if (id !== undefined) return id;
      const path = asked.length === 1 ? `after.${n}` : `${index}.after.${n}`;
      throw new ApiError("validation", `${path}: there is no experiment with the id or name "${name}".`, {
        details: [{ path, message: "an id or a name of an experiment that exists, or that stands before it here" }],
      });
    });
    const id = randomUUID();
    if (names.has(one.name)) known.set(one.name, id);
    return { id, body: bodies[index] ?? "", owner, retries: one.retries ?? null, after: [...new Set(after)] };
  });
}

function required(experiment: string | undefined): string {
  if (experiment === undefined) throw new Error("an inserted experiment was not answered");
  return experiment;
}
