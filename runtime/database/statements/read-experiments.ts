// Reads of experiments as JSON text: by ids, and in pages along `seq`, oldest first or newest first.

import { z } from "zod";
import { arrayOf, many, maybeOne, prepared, type Queryable } from "../pool.ts";
import type { Status } from "../../experiment/states.ts";
import { experimentJson, latestAttempt } from "./experiment-json.ts";

const row = z.object({ id: z.string(), experiment: z.string() });

const byId = prepared(
  "read_experiments",
  `select j.id::text as id, ${experimentJson} as experiment from public.jobs j ${latestAttempt} where j.id = any($1::uuid[])`,
);

/** The experiments with these ids, by id; unknown ids are simply absent. */
export async function readExperiments(db: Queryable, ids: readonly string[]): Promise<Map<string, string>> {
  const rows = await many(db, row, byId, [arrayOf(ids)]);
  return new Map(rows.map((r) => [r.id, r.experiment]));
}

export interface PageQuery {
  readonly order: "asc" | "desc";
  /** Exclusive: the seq of the last experiment seen. */
  readonly after: bigint | undefined;
  /** Inclusive: where the page ends, however many there are by now. */
  readonly upto?: bigint | undefined;
  readonly limit: number;
  readonly status?: readonly Status[] | undefined;
  readonly owner?: string | undefined;
  readonly name?: string | undefined;
  readonly group?: string | undefined;
  /** The beginning of an id, as a uuid is written. */
  readonly id_prefix?: string | undefined;
  /** RFC 3339; inclusive. */
  readonly updated_since?: string | undefined;
}

const anyId = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
const page = z.object({ count: z.number(), last: z.string().nullable(), body: z.string().nullable() });
export type Page = z.infer<typeof page>;

const ends = {
  asc: prepared(
    "read_page_end_asc",
    "select j.seq::text as seq from public.jobs j where j.seq > $1 order by j.seq offset $2 limit 1",
  ),
  desc: prepared(
    "read_page_end_desc",
    "select j.seq::text as seq from public.jobs j where j.seq < $1 order by j.seq desc offset $2 limit 1",
  ),
};
const outermost = { asc: 0n, desc: 2n ** 63n - 1n };

/** The seq of the last experiment of a page without filters, found in the index alone; undefined where it is not a whole page. */
export async function readPageEnd(
  db: Queryable,
  { order, after, limit }: Pick<PageQuery, "order" | "after" | "limit">,
): Promise<bigint | undefined> {
  const row = await maybeOne(db, z.object({ seq: z.string() }), ends[order], [after ?? outermost[order], limit - 1]);
  return row && BigInt(row.seq);
}

/** One page as a comma-joined run of JSON objects (null when empty), with its last seq as text. */
export async function readPage(db: Queryable, query: PageQuery): Promise<Page> {
  const values: unknown[] = [query.upto === undefined ? query.limit : null];
  const bind = (value: unknown): string => `$${values.push(value)}`;
  const bounds = [
    query.after !== undefined && `j.seq ${query.order === "asc" ? ">" : "<"} ${bind(String(query.after))}::bigint`,
    query.upto !== undefined && `j.seq ${query.order === "asc" ? "<=" : ">="} ${bind(String(query.upto))}::bigint`,
  ].filter((clause) => typeof clause === "string");
  const filters = [
    query.status && `j.status = any(${bind(query.status)}::public.job_status[])`,
    query.owner !== undefined && `j.owner = ${bind(query.owner)}`,
    query.name !== undefined && `j.name = ${bind(query.name)}`,
    query.group !== undefined && `j.group_id = ${bind(query.group)}::uuid`,
    query.id_prefix !== undefined && idsFrom(query.id_prefix, bind),
    query.updated_since !== undefined && `j.updated_at >= ${bind(query.updated_since)}::timestamptz`,
  ].filter((clause) => typeof clause === "string");
  const where = [...bounds, ...filters];
  const text = `select count(*)::int as count, (array_agg(seq))[count(*)]::text as last, string_agg(experiment, ',') as body
       from (select j.seq, ${experimentJson} as experiment
               from (select * from public.jobs j ${where.length > 0 ? `where ${where.join(" and ")}` : ""}
                       order by j.seq ${query.order} limit $1) j ${latestAttempt}
               order by j.seq ${query.order}) p`;
  // The whole list is read by one statement again and again; filters are too many to keep a plan for each.
  const name = `read_page_${query.order}${query.after === undefined ? "" : "_after"}${query.upto === undefined ? "" : "_upto"}`;
  const rows = await many(db, page, filters.length > 0 ? text : prepared(name, text), values);
  return rows[0] ?? { count: 0, last: null, body: null };
}

/** All ids that begin so, as a range of the primary key. */
function idsFrom(prefix: string, bind: (value: unknown) => string): string {
  const filled = (digit: string): string => prefix + anyId.replaceAll("x", digit).slice(prefix.length);
  return `j.id between ${bind(filled("0"))}::uuid and ${bind(filled("f"))}::uuid`;
}
