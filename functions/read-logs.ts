// GET /logs/{id}: the stored log of the latest attempt (or ?attempt=N) so far, streamed. A closed attempt's log does not
// change any more: it has a length, an ETag and ranges (not with ?timestamps, ?tail or ?since, whose answers are made as they go).

import type { Pool } from "../runtime/database/pool.ts";
import { readLogState } from "../runtime/database/statements/read-log.ts";
import { ApiError } from "../runtime/errors.ts";
import type { AppContext, EndpointHandler } from "../runtime/http/env.ts";
import { parseId } from "../runtime/http/id.ts";
import { parseRange } from "../runtime/http/range.ts";
import { parseLogQuery, type LogQuery } from "../runtime/logs/query.ts";
import { logExpired, offsetOf, readClosed, readRange, type Attempt } from "../runtime/logs/read.ts";
import { total } from "../runtime/logs/view.ts";

const plain = { "Content-Type": "text/plain; charset=utf-8", "X-Content-Type-Options": "nosniff" };

export function readLogs({ db }: { readonly db: Pool }): EndpointHandler {
  return async (c) => {
    const id = parseId(c);
    const query = parseLogQuery(new URL(c.req.url).searchParams);
    if (query.after !== undefined)
      throw new ApiError("validation", "after belongs to the tail: GET /logs/{id}/tail?after=…");
    const state = await readLogState(db, id, query.attempt);
    if (state === undefined) throw new ApiError("not_found", `There is no experiment ${id}.`);
    if (state.attempt === undefined) {
      if (query.attempt === undefined) return new Response("", { headers: plain });
      throw new ApiError("not_found", `The experiment has no attempt ${query.attempt}; it has had ${state.latest}.`);
    }
    if (state.attempt.expired !== undefined) throw logExpired(state.attempt);
    if (state.attempt.closed && !query.timestamps && query.tail === undefined && query.since === undefined) {
      return closedLog(c, db, state.attempt, query);
    }
    return growingLog(db, state.attempt, query);
  };
}

async function growingLog(db: Pool, attempt: Attempt, query: LogQuery): Promise<Response> {
  const end = total(query.view, attempt.bytes);
  const start = await offsetOf(db, attempt, query.view, query);
  const bytes = readRange(db, attempt, { view: query.view, start, end, timestamps: query.timestamps });
  return new Response(ReadableStream.from(bytes), { headers: plain });
}

async function closedLog(c: AppContext, db: Pool, attempt: Attempt, { view }: LogQuery): Promise<Response> {
  const { length, read } = await readClosed(db, attempt, view);
  const etag = `"${attempt.id}-${view.name.replaceAll(",", "+")}"`;
  const headers = { ...plain, ETag: etag, "Accept-Ranges": "bytes" };
  const none = c.req.header("if-none-match");
  if (none !== undefined && (none === "*" || none.split(",").some((tag) => tag.trim().replace(/^W\//, "") === etag))) {
    return new Response(null, { status: 304, headers });
  }
  const conditional = c.req.header("if-range");
  const header = conditional === undefined || conditional === etag ? c.req.header("range") : undefined;
  const range = parseRange(header, length);
  if (range === "unsatisfiable") {
    return Response.json(
      new ApiError("range_not_satisfiable", `The log has ${length} bytes; the range asked for lies outside.`).body(),
      { status: 416, headers: { "Content-Range": `bytes */${length}` } },
    );
  }
  const { start, end } = range ?? { start: 0, end: length };
  const body = ReadableStream.from(read(start, end));
  return new Response(body, {
    status: range === undefined ? 200 : 206,
    headers: {
      ...headers,
      "Content-Length": String(end - start),
      ...(range && { "Content-Range": `bytes ${start}-${end - 1}/${length}` }),
    },
  });
}
