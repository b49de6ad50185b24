// GET /logs/{id}/tail: the log from its start (or ?tail=N, ?after=POSITION), then live, until the experiment has ended and
// all was sent. By HTTP as plain text, by websocket one binary message a line. A slow client waits for itself alone.

import type { WebSocket } from "ws";
import type { Pool } from "../runtime/database/pool.ts";
import { readLogState } from "../runtime/database/statements/read-log.ts";
import { ApiError } from "../runtime/errors.ts";
import type { EndpointHandler } from "../runtime/http/env.ts";
import { parseId } from "../runtime/http/id.ts";
import { follow } from "../runtime/logs/follow.ts";
import type { LogFeed } from "../runtime/logs/feed.ts";
import { parseLogQuery } from "../runtime/logs/query.ts";
import { LineSocket } from "../runtime/logs/line-socket.ts";

export interface TailDeps {
  readonly db: Pool;
  readonly feed: LogFeed;
  /** Aborts when the server stops: tails end. */
  readonly closing: AbortSignal;
}

/** Throws ApiError before anything is sent: no such experiment, a bad query. */
export function checkTail({ db }: TailDeps): (id: string, query: URLSearchParams) => Promise<void> {
  return async (id, query) => {
    const { attempt } = parseLogQuery(query);
    const state = await readLogState(db, id, attempt);
    if (state === undefined) throw new ApiError("not_found", `There is no experiment ${id}.`);
    if (attempt !== undefined && state.attempt === undefined) {
      throw new ApiError("not_found", `The experiment has no attempt ${attempt}; it has had ${state.latest}.`);
    }
  };
}

export function tailLogs(deps: TailDeps): EndpointHandler {
  const check = checkTail(deps);
  return async (c) => {
    const id = parseId(c);
    const { searchParams } = new URL(c.req.url);
    await check(id, searchParams);
    const left = new AbortController();
    const signal = AbortSignal.any([left.signal, deps.closing]);
    const pieces = follow({ ...deps, ...parseLogQuery(searchParams), experimentId: id, signal });
    const body = new ReadableStream<Uint8Array>(
      {
        async pull(controller) {
          const next = await pieces.next();
          if (next.done === true) {
            // A server that stops has not sent all: the connection breaks off, so that the client comes back.
            if (deps.closing.aborted) c.env.outgoing?.destroy();
            controller.close();
          } else controller.enqueue(next.value.bytes);
        },
        cancel() {
          left.abort();
        },
      },
      { highWaterMark: 0 },
    );
    return new Response(body, {
      headers: {
        "Content-Type": "text/plain; charset=utf-8",
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "no-store",
        "X-Accel-Buffering": "no",
      },
    });
  };
}

/** The same by websocket; ends when either side closes. */
export function tailLogsSocket(
  deps: TailDeps,
): (ws: WebSocket, request: { readonly id: string; readonly query: URLSearchParams }) => Promise<void> {
  return async (ws, { id, query }) => {
    const { cursor, ...asked } = parseLogQuery(query);
    const left = new AbortController();
    ws.on("close", () => left.abort());
    const signal = AbortSignal.any([left.signal, deps.closing]);
    const lines = new LineSocket(ws, { cursor });
    for await (const piece of follow({ ...deps, ...asked, experimentId: id, signal })) {
      if (!(await lines.send(piece))) return;
    }
    // When the server stops, whoever stops it closes with 1001.
    if (!signal.aborted && (await lines.finish())) ws.close(1000, "the experiment has ended");
  };
}
