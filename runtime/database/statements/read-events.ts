// Reads of events: who did what, when, in an order that never changes once it was read. An event's place is (xid, id), the
// number of the transaction that noted it and its own; only places below the horizon are given, where nothing can appear any more.

import { z } from "zod";
import { pageBytes } from "../page.ts";
import { many, one, type Queryable } from "../pool.ts";
import { rfc3339 } from "../rfc3339.ts";

/** An event's place, written "xid.id"; it lies after every event with a lower one. */
export interface Place {
  readonly xid: bigint;
  readonly id: bigint;
}

const largestId = 2n ** 63n - 1n;

export function parsePlace(text: string): Place | undefined {
  const [, xid, id] = /^(\d{1,19})\.(\d{1,19})$/.exec(text) ?? [];
  if (xid === undefined || id === undefined || BigInt(id) > largestId) return undefined;
  return { xid: BigInt(xid), id: BigInt(id) };
}

export function isAfter(a: Place, b: Place): boolean {
  return a.xid > b.xid || (a.xid === b.xid && a.id > b.id);
}

export interface EventFilter {
  readonly experiment?: string | undefined;
  readonly host?: string | undefined;
  readonly kinds?: readonly string[] | undefined;
  readonly actor?: string | undefined;
  /** RFC 3339. */
  readonly since?: string | undefined;
}

export interface EventQuery extends EventFilter {
  readonly order: "asc" | "desc";
  /** Exclusive. */
  readonly after: Place | undefined;
  readonly limit: number;
}

/**
 * The oldest transaction that was running when this statement began and may yet note an event: its snapshot lists those that
 * ran. One that is seen at work in another database of the same server cannot, and must not hold the feed back.
 */
const horizon = `(select coalesce(min(x::text::bigint), pg_snapshot_xmax(pg_current_snapshot())::text::bigint)
  from pg_snapshot_xip(pg_current_snapshot()) x
 where not exists (select from pg_locks l join pg_stat_activity s on s.pid = l.pid
                    where l.transactionid = x::xid and l.mode = 'ExclusiveLock' and l.granted
                      and s.datid <> (select oid from pg_database where datname = current_database())))`;

/** The wire form; its type is json. */
const eventJson = `json_build_object(
  'id', e.xid::text || '.' || e.id, 'at', ${rfc3339("e.at")},
  'kind', e.kind, 'actor', e.actor, 'experiment', e.experiment_id, 'attempt', e.attempt_id, 'host', e.host, 'detail', e.detail)::text`;

const row = z.object({
  xid: z.string().transform(BigInt),
  id: z.string().transform(BigInt),
  at: z.number(),
  kind: z.string(),
  actor: z.string(),
  experiment: z.string().nullable(),
  host: z.string().nullable(),
  json: z.string(),
});
export type StoredEvent = z.output<typeof row>;

export interface EventPage {
  readonly events: StoredEvent[];
  /** It has as many as were asked for, or was cut as it would be too large: more may follow the last one. */
  readonly more: boolean;
  /** Everything below was there to be read. */
  readonly horizon: bigint;
}

const pageRow = z.object({ horizon: z.string().transform(BigInt), read: z.number(), events: z.array(row) });

/** Up to `limit` events that fit the filter, in the asked order. */
export async function readEvents(db: Queryable, query: EventQuery): Promise<EventPage> {
  const values: unknown[] = [query.limit];
  const bind = (value: unknown): string => `$${values.push(value)}`;
  const { after, order } = query;
  const where = [
    after &&
      `(e.xid, e.id) ${order === "asc" ? ">" : "<"} (${bind(String(after.xid))}::xid8, ${bind(String(after.id))}::bigint)`,
    query.experiment !== undefined && `e.experiment_id = ${bind(query.experiment)}::uuid`,
    query.host !== undefined && `e.host = ${bind(query.host)}`,
    query.kinds && `e.kind = any(${bind(query.kinds)})`,
    query.actor !== undefined && `e.actor = ${bind(query.actor)}`,
    query.since !== undefined && `e.at >= ${bind(query.since)}::timestamptz`,
  ].filter((clause) => typeof clause === "string");
  const { read, ...page } = await one(
    db,
    pageRow,
    `with horizon as materialized (select ${horizon} as xid)
     select h.xid::text as horizon, p.read, coalesce(p.events, '[]') as events
       from horizon h, lateral (
         select count(*)::int as read,
                json_agg(json_build_object('xid', p.xid::text, 'id', p.id::text, 'at', extract(epoch from p.at) * 1000,
                  'kind', p.kind, 'actor', p.actor, 'experiment', p.experiment_id, 'host', p.host, 'json', p.json)
                  order by p.xid ${order}, p.id ${order}) filter (where p.bytes - octet_length(p.json) < ${pageBytes}) as events
           from (select e.*, sum(octet_length(e.json)) over (order by e.xid ${order}, e.id ${order} rows unbounded preceding) as bytes
                   from (select e.xid, e.id, e.at, e.kind, e.actor, e.experiment_id, e.host, ${eventJson} as json
                           from skeduler.events e
                          where ${["e.xid < h.xid::text::xid8", ...where].join(" and ")}
                          order by e.xid ${order}, e.id ${order} limit $1) e) p) p`,
    values,
  );
  return { ...page, more: read === query.limit || read > page.events.length };
}

/** Where the events end now. */
export async function endOfEvents(db: Queryable): Promise<Place> {
  const [found] = await many(db, z.object({ xid: z.string() }), `select ${horizon}::text as xid`);
  return { xid: BigInt(found?.xid ?? 0), id: 0n };
}

/**
 * A dump that was restored on another server brings numbers of transactions that this one may not have reached: all that came
 * with it goes before what is noted from now on, in its own order.
 */
export async function settleEvents(db: Queryable): Promise<void> {
  await db.query(
    `update skeduler.events set xid = '0' where xid > '0' and exists (
       select from (select xid from skeduler.events order by xid desc limit 1) last where last.xid >= pg_snapshot_xmax(pg_current_snapshot()))`,
  );
}
