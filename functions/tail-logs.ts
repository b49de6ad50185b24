// GET /logs/{id}/tail: the log from its start (or ?tail=N, ?since=TIME, ?after=POSITION), then live, until the experiment has ended and
// all was sent. By HTTP as plain text, by websocket one binary message a line. A slow client waits for itself alone.

import type { Pool } from "../runtime/database/pool.ts";
import { ApiError } from "../runtime/errors.ts";
import type { EndpointHandler } from "../runtime/http/env.ts";
import { parseId } from "../runtime/http/id.ts";
import type { SendTail } from "../runtime/http/upgrade.ts";
import { follow, type FollowOptions, type Piece, type Position, type Take } from "../runtime/logs/follow.ts";
import type { LogFeed } from "../runtime/logs/feed.ts";
import { parseLogQuery, type LogQuery } from "../runtime/logs/query.ts";
import { isExpired, logExpired, offsetOf } from "../runtime/logs/read.ts";
import { total, type View } from "../runtime/logs/view.ts";
import { LineSocket } from "../runtime/logs/line-socket.ts";

export interface TailDeps {
  readonly db: Pool;
  readonly feed: LogFeed;
  /** Aborts when the server stops: tails end. */
  readonly closing: AbortSignal;
}

/** Where a tail begins. Throws ApiError before anything is sent: no such experiment, a bad query. */
function findStart({
  db,
  feed,
}: Pick<TailDeps, "db" | "feed">): (id: string, query: URLSearchParams) => Promise<Start> {
  return async (id, query) => {
    const asked = parseLogQuery(query);
    // As those who follow it already know it: a thousand that come cost no query more than one.
    using watch = feed.watch(id, asked.attempt);
    const state = await watch.state();
    if (state === undefined) throw new ApiError("not_found", `There is no experiment ${id}.`);
    const { attempt } = state;
    if (asked.attempt !== undefined && attempt === undefined)
      throw new ApiError("not_found", `The experiment has no attempt ${asked.attempt}; it has had ${state.latest}.`);
    if (asked.after !== undefined) await refuseExpired(feed, id, asked.view, asked.after);
    else if (attempt?.expired !== undefined) throw logExpired(attempt);
    const start =
      asked.after ??
      (attempt === undefined
        ? { attempt: 1, offset: 0 } // it waits for its first
        : { attempt: attempt.number, offset: await offsetOf(db, attempt, asked.view, asked) });
    return { start, query: asked };
  };
}

/** What would come next has expired: said before anything is sent, or a client that was cut off would come back for ever. */
async function refuseExpired(feed: LogFeed, id: string, view: View, after: Position): Promise<void> {
  for (let { attempt: number, offset } = after; ; number += 1) {
    using watch = feed.watch(id, number);
    const state = await watch.state();
    const attempt = state?.attempt;
    if (state === undefined || attempt === undefined) return;
    if (isExpired(attempt, view, offset)) throw logExpired(attempt);
    const length = total(view, attempt.bytes);
    if (offset < length || !attempt.closed || state.latest <= number) return;
    offset -= length;
  }
}

interface Start {
  readonly start: Position;
  readonly query: LogQuery;
}

function optionsOf({ start, query }: Start): Pick<FollowOptions, "view" | "timestamps" | "start" | "alone"> {
  return { view: query.view, timestamps: query.timestamps, start, alone: query.attempt !== undefined };
}

export function tailLogs(deps: TailDeps): EndpointHandler {
  const find = findStart(deps);
  return async (c) => {
    const id = parseId(c);
    const { searchParams } = new URL(c.req.url);
    const found = await find(id, searchParams);
    const left = new AbortController();
    const signal = AbortSignal.any([left.signal, deps.closing]);
    let asked = Promise.withResolvers<boolean>();
    signal.addEventListener("abort", () => asked.resolve(false), { once: true });
    const body = new ReadableStream<Uint8Array>(
      {
        start(controller) {
          const take = async ({ bytes }: Piece): Promise<boolean> => {
            if (!(await asked.promise)) return false;
            asked = Promise.withResolvers();
            controller.enqueue(bytes);
            return true;
          };
          follow({ ...deps, ...optionsOf(found), experimentId: id, signal }, take).then(
            () => {
              if (left.signal.aborted) return;
              // A server that stops has not sent all: the connection breaks off, so that the client comes back.
              if (deps.closing.aborted) c.env.outgoing?.destroy();
              controller.close();
            },
            (error: unknown) => {
              if (!left.signal.aborted) controller.error(error);
            },
          );
        },
        pull() {
          asked.resolve(true);
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
        // Who counts the bytes from here on can come back with ?after.
        "Skeduler-Position": `${found.start.attempt}.${found.start.offset}`,
      },
    });
  };
}

/** The same by websocket; ends when either side closes. */
export function openTail(deps: TailDeps): (id: string, query: URLSearchParams) => Promise<SendTail> {
  const find = findStart(deps);
  return async (id, query) => {
    const found = await find(id, query);
    return async (ws) => {
      const left = new AbortController();
      ws.on("close", () => left.abort());
      const signal = AbortSignal.any([left.signal, deps.closing]);
      const lines = new LineSocket(ws, { cursor: found.query.cursor });
      const take: Take = (piece): ReturnType<Take> => lines.send(piece);
      await follow({ ...deps, ...optionsOf(found), experimentId: id, signal }, take);
      // When the server stops, whoever stops it closes with 1001.
      if (!signal.aborted && (await lines.finish())) ws.close(1000, "the experiment has ended");
    };
  };
}
