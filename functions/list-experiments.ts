// GET /experiments: all of them, oldest first, streamed page by page with flat memory; or one page with ?limit and
// ?cursor (the next cursor comes in the header Skeduler-Cursor, absent on the last page). Filters: status, owner, name, group,
// the beginning of an id, and what was updated since a time.

import { z } from "zod";
import { bufferCollector } from "../runtime/database/collect-buffers.ts";
import type { Pool } from "../runtime/database/pool.ts";
import {
  readLast,
  readPage,
  readPageEnd,
  type Page,
  type PageQuery,
} from "../runtime/database/statements/read-experiments.ts";
import { statuses } from "../runtime/experiment/states.ts";
import type { EndpointHandler } from "../runtime/http/env.ts";
import { cursor as cursorOf, idPrefix, pageLimit } from "../runtime/http/page.ts";
import { parseQuery } from "../runtime/parse-query.ts";

/** Experiments read at a time: about a quarter of a megabyte of JSON. */
const pageLength = 500;
/** Pages of the whole list on their way at the same time, and their length: for one client, and for each of several. */
const alone = { ahead: 2, limit: pageLength };
const among = { ahead: 1, limit: 200 };

export const listExperimentsQuery = z.strictObject({
  limit: pageLimit.optional().describe("One page of so many."),
  cursor: cursorOf.optional().describe("Go on after the page that answered this in Skeduler-Cursor."),
  order: z.enum(["asc", "desc"]).default("asc").describe("asc: oldest first."),
  status: z
    .string()
    .transform((text) => text.toUpperCase().split(","))
    .pipe(z.array(z.enum(statuses)))
    .optional()
    .describe(`Any of ${statuses.join(", ")}, joined by commas.`),
  owner: z.string().optional(),
  name: z.string().optional(),
  group: z.guid("a group's id").optional(),
  id_prefix: idPrefix.optional().describe("The beginning of an id."),
  updated_since: z.iso.datetime({ offset: true, error: "an RFC 3339 time" }).optional(),
});

/** Lists that are being sent. */
let sending = 0;
/** A page is a string and a buffer, both garbage as soon as they are sent. */
const collect = bufferCollector();

export function listExperiments({ db }: { readonly db: Pool }): EndpointHandler {
  return async (c) => {
    const { limit, cursor, ...filter } = parseQuery(listExperimentsQuery, c.req.query());
    const headers = { "Content-Type": "application/json; charset=utf-8" };
    const query = { ...filter, after: cursor, limit: pageLength };
    if (limit !== undefined) {
      const { pages, last } = await readSome(db, query, limit);
      const more: Record<string, string> = last === undefined ? {} : { "Skeduler-Cursor": last };
      return new Response(typeof pages === "string" ? `[${pages}]` : ReadableStream.from(stream(pages)), {
        headers: { ...headers, ...more },
      });
    }
    const whole = Object.keys(filter).every((key) => key === "order");
    const pages = whole ? readWhole(db, query) : readAll(db, query);
    // The first page before the headers: a database that is away is then a 503 and not a broken list.
    const first = await pages.next();
    return new Response(ReadableStream.from(stream(begunWith(first, pages))), { headers });
  };
}

/**
 * The first `limit`, and the last one's seq where there are so many. What is no more than a page is one statement; of more the end is
 * looked for first, and the answer is sent page by page as a whole list is.
 */
async function readSome(
  db: Pool,
  query: PageQuery,
  limit: number,
): Promise<{ pages: string | AsyncGenerator<string>; last: string | undefined }> {
  const first = await readPage(db, { ...query, limit: Math.min(limit, query.limit) });
  if (!first.cut && (limit <= query.limit || first.count < query.limit))
    return { pages: first.body ?? "", last: first.count === limit ? (first.last ?? undefined) : undefined };
  const end = await readLast(db, { ...query, limit });
  if (end === undefined) return { pages: first.body ?? "", last: undefined }; // nothing fits the filter any more
  return {
    pages: readAll(db, { ...query, upto: end.seq }, Promise.resolve(first)),
    last: end.count === limit ? String(end.seq) : undefined,
  };
}

/** Page by page; the next one is read while this one is sent. After one that was cut come smaller ones: what is cut was made for nothing. */
async function* readAll(db: Pool, query: PageQuery, first = readPage(db, query)): AsyncGenerator<string> {
  let { limit } = query;
  for (let next: Promise<Page> | undefined = first; next !== undefined;) {
    const page: Page = await next;
    const last = page.cut || page.count === limit ? page.last : null;
    limit = page.cut ? 2 * page.count : query.limit;
    next =
      last === null || last === String(query.upto) ? undefined : readPage(db, { ...query, limit, after: BigInt(last) });
    next?.catch(() => undefined); // awaited in the next turn; a client that left may never get there
    if (page.body !== null) yield page.body;
  }
}

/** The same without a filter, where the pages' ends are known before the pages: several are made at the same time. */
async function* readWhole(db: Pool, query: PageQuery): AsyncGenerator<string> {
  const reading: { query: PageQuery; page: Promise<Page> }[] = [];
  for (let after = query.after, more = true; ;) {
    const { ahead, limit } = sending > 1 ? among : alone;
    while (more && reading.length < ahead) {
      const upto = await readPageEnd(db, { ...query, limit, after });
      const within = { ...query, limit, after, upto };
      const page = readPage(db, within);
      page.catch(() => undefined); // awaited in its turn; a client that left may never get there
      reading.push({ query: within, page });
      after = upto;
      more = upto !== undefined;
    }
    const next = reading.shift();
    if (next === undefined) return;
    yield* readAll(db, next.query, next.page);
  }
}

async function* begunWith<T>(first: IteratorResult<T, unknown>, rest: AsyncIterable<T>): AsyncGenerator<T> {
  if (first.done !== true) yield first.value;
  yield* rest;
}

async function* stream(pages: AsyncIterable<string>): AsyncGenerator<Uint8Array> {
  sending += 1;
  try {
    let before = "[";
    for await (const page of pages) {
      yield Buffer.from(before);
      const bytes = Buffer.from(page);
      collect(bytes.length);
      yield bytes;
      before = ",";
    }
    yield Buffer.from(before === "[" ? "[]" : "]");
  } finally {
    sending -= 1;
  }
}
