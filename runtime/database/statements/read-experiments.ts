// Reads of experiments as JSON text: by ids, and in pages along `seq`, oldest first or newest first.

import { z } from "zod";
import { pageBytes } from "../page.ts";
import { arrayOf, many, maybeOne, one, prepared, type Queryable } from "../pool.ts";
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
const page = z.object({
  count: z.number(),
  last: z.string().nullable(),
  body: z.string().nullable(),
  cut: z.boolean(),
});
/** `cut`: it has fewer than were asked for, as it would be too large. */
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

/** What a query asks for, as SQL over `j`; its values are bound by the way. */
function conditions(
  query: Omit<PageQuery, "limit">,
  bind: (value: unknown) => string,
): { bounds: string[]; filters: string[] } {
  const bounds = [
    query.after !== undefined && `j.seq ${query.order === "asc" ? ">" : "<"} ${bind(String(query.after))}::bigint`,
    query.upto !== undefined && `j.seq ${query.order === "asc" ? "<=" : ">="} ${bind(String(query.upto))}::bigint`,
  ].filter((clause) => typeof clause === "string");
  const filters = [
    query.status && `j.status = any(${bind(query.status)}::public.job_status[])`,
    query.owner !== undefined && `j.owner = ${bind(query.owner)}`,
    query.name !== undefined && isNamed(bind(query.name)),
    query.group !== undefined && `j.group_id = ${bind(query.group)}::uuid`,
    query.id_prefix !== undefined && idsFrom(query.id_prefix, bind),
    query.updated_since !== undefined && `j.updated_at >= ${bind(query.updated_since)}::timestamptz`,
  ].filter((clause) => typeof clause === "string");
  return { bounds, filters };
}

/** The seq of the last of the first `limit`, and how many there are; undefined where there is none. */
export async function readLast(db: Queryable, query: PageQuery): Promise<{ seq: bigint; count: number } | undefined> {
  const values: unknown[] = [query.limit];
  const { bounds, filters } = conditions(query, (value) => `$${values.push(value)}`);
  const { last, count } = await one(
    db,
    z.object({ last: z.string().nullable(), count: z.number() }),
    `select (array_agg(seq))[count(*)]::text as last, count(*)::int as count
       from (select j.seq from public.jobs j ${whereOf([...bounds, ...filters])} order by j.seq ${query.order} limit $1) j`,
    values,
  );
  return last === null ? undefined : { seq: BigInt(last), count };
}

/** One page as a comma-joined run of JSON objects (null when empty), with its last seq as text. */
export async function readPage(db: Queryable, query: PageQuery): Promise<Page> {
  const values: unknown[] = [query.limit];
  const { bounds, filters } = conditions(query, (value) => `$${values.push(value)}`);
  const fits = `filter (where before < ${pageBytes})`;
  const text = `select count(*) ${fits}::int as count, (array_agg(seq) ${fits})[count(*) ${fits}]::text as last,
              string_agg(experiment, ',') ${fits} as body, count(*) filter (where before >= ${pageBytes}) > 0 as cut
       from (select seq, experiment, sum(octet_length(experiment)) over (order by seq ${query.order} rows unbounded preceding)
                    - octet_length(experiment) as before
               from (select j.seq, ${experimentJson} as experiment
                       from (select * from public.jobs j ${whereOf([...bounds, ...filters])}
                               order by j.seq ${query.order} limit $1) j ${latestAttempt}
                       order by j.seq ${query.order}) e) p`;
  // The whole list is read by one statement again and again; filters are too many to keep a plan for each.
  const name = `read_page_${query.order}${query.after === undefined ? "" : "_after"}${query.upto === undefined ? "" : "_upto"}`;
  return one(db, page, filters.length > 0 ? text : prepared(name, text), values);
}

function whereOf(clauses: readonly string[]): string {
  return clauses.length > 0 ? `where ${clauses.join(" and ")}` : "";
}

/** By the index jobs_name_index, whose entries are shorter than a name may be. */
export const isNamed = (name: string): string => `left(j.name, 200) = left(${name}, 200) and j.name = ${name}`;

/** All ids that begin so, as a range of the primary key. */
function idsFrom(prefix: string, bind: (value: unknown) => string): string {
  const filled = (digit: string): string => prefix + anyId.replaceAll("x", digit).slice(prefix.length);
  return `j.id between ${bind(filled("0"))}::uuid and ${bind(filled("f"))}::uuid`;
}
