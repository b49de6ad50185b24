// GET /experiments/{id}/metrics: what an attempt took (sampled by the runner) and what its program printed, as series in at most 500
// points each, or one per ?step. They expire with the attempt's log.

import type { z } from "zod";
import type { Pool } from "../runtime/database/pool.ts";
import { readMetrics, type StoredSeries } from "../runtime/database/statements/metrics.ts";
import { readLogState } from "../runtime/database/statements/read-log.ts";
import { ApiError } from "../runtime/errors.ts";
import { parseId } from "../runtime/http/id.ts";
import type { EndpointHandler } from "../runtime/http/env.ts";
import { jsonAnswer } from "../runtime/http/json-answer.ts";
import { logExpired } from "../runtime/logs/read.ts";
import { metricsQuery, sampledUnits, type experimentMetrics } from "../runtime/metrics/query.ts";
import { parseQuery } from "../runtime/parse-query.ts";

type Answer = z.output<typeof experimentMetrics>;

export function getExperimentMetrics({ db }: { readonly db: Pool }): EndpointHandler {
  return async (c) => {
    const id = parseId(c);
    const { attempt: number, from, to, step, names } = parseQuery(metricsQuery, c.req.query());
    const state = await readLogState(db, id, number);
    if (state === undefined) throw new ApiError("not_found", `There is no experiment ${id}.`);
    const { attempt, latest } = state;
    if (attempt === undefined && number !== undefined)
      throw new ApiError("not_found", `The experiment has no attempt ${number}; it has had ${latest}.`);
    if (attempt?.expired !== undefined) throw logExpired(attempt);
    const found = attempt === undefined ? [] : await readMetrics(db, attempt, { from, to, step, names });
    const head: Omit<Answer, "series"> = {
      experiment: id,
      attempt: attempt?.number ?? null,
      attempts: latest,
      step: found[0]?.step ?? null,
    };
    // The points are JSON already: only SQL's own text keeps every digit.
    const series = found.map((one) => `{${JSON.stringify(about(one)).slice(1, -1)},"points":${one.points}}`);
    return jsonAnswer(`{${JSON.stringify(head).slice(1, -1)},"series":[${series.join(",")}]}`);
  };
}

function about({ printed, name: stored }: StoredSeries): Omit<Answer["series"][number], "points"> {
  if (printed) return { name: stored, gpu: null, source: "printed", unit: null };
  const [name = "", gpu] = stored.split("/");
  return { name, gpu: gpu ?? null, source: "sampled", unit: sampledUnits[name] ?? null };
}
