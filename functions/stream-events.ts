// GET /events/stream: events as they happen, by server-sent events. Begins now, or after ?after or Last-Event-ID, without
// skipping or repeating one. A slow client waits for itself alone; a server that stops ends the stream, and the client comes back.

import type { Pool } from "../runtime/database/pool.ts";
import { endOfEvents, isAfter, type Place, type StoredEvent } from "../runtime/database/statements/read-events.ts";
import type { EventFeed } from "../runtime/events/feed.ts";
import { place, streamEventsQuery } from "../runtime/events/query.ts";
import { ApiError } from "../runtime/errors.ts";
import type { AppContext, EndpointHandler } from "../runtime/http/env.ts";
import { parseQuery } from "../runtime/parse-query.ts";

/** Proxies cut what is silent for 30 or 60 s. */
const quiet = 15_000;
/** How soon a browser comes back after a cut, ms. */
const retry = 1_000;

export interface StreamEventsDeps {
  readonly db: Pool;
  readonly feed: EventFeed;
  /** Aborts when the server stops: streams end. */
  readonly closing: AbortSignal;
}

function placeAsked(c: AppContext, after: Place | undefined): Place | undefined {
  // What the browser saw last counts more than where its page had begun.
  const header = c.req.header("last-event-id");
  if (header === undefined || header === "") return after;
  const seen = place.safeParse(header);
  if (seen.success) return seen.data;
  throw new ApiError("validation", "Last-Event-ID is not the id of an event, such as 742.12.");
}

function frame(event: StoredEvent): string {
  return `id: ${event.xid}.${event.id}\ndata: ${event.json}\n\n`;
}

export function streamEvents({ db, feed, closing }: StreamEventsDeps): EndpointHandler {
  return async (c) => {
    const { after, kind, ...filter } = parseQuery(streamEventsQuery, c.req.query());
    const asked = placeAsked(c, after);
    const end = await endOfEvents(db);
    // A place beyond the end is of another database, or of a later day of this one, which was restored: all is news to this client.
    const start = asked === undefined || isAfter(asked, end) ? end : asked;
    const left = new AbortController();
    const signal = AbortSignal.any([left.signal, closing]);
    const batches = feed.follow({ ...filter, kinds: kind }, start, { signal, quiet });
    const body = new ReadableStream<Uint8Array>(
      {
        start(controller) {
          // The id alone: a client that is cut off before the first event comes back to this very place.
          controller.enqueue(Buffer.from(`retry: ${retry}\nid: ${start.xid}.${start.id}\n\n`));
        },
        async pull(controller) {
          const next = await batches.next();
          if (next.done === true) controller.close();
          else controller.enqueue(Buffer.from(next.value.length === 0 ? ":\n\n" : next.value.map(frame).join("")));
        },
        async cancel() {
          left.abort();
          await batches.return(undefined); // where it was not waiting but asked for nothing more
        },
      },
      { highWaterMark: 0 },
    );
    return new Response(body, {
      headers: { "Content-Type": "text/event-stream", "Cache-Control": "no-store", "X-Accel-Buffering": "no" },
    });
  };
}
