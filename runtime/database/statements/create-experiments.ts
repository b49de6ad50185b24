// Inserts a batch of experiments, their events and one placement job, in one statement: all or none.
// Trusts that each body passed the schema; takes environment and metadata from the raw text, digit for digit.

import { z } from "zod";
import { arrayOf, many, prepared, quoted, type Queryable } from "../pool.ts";
import type { Retries } from "../../experiment/retries.ts";
import type { SweepMember } from "../../experiment/sweep.ts";
import { trimmed } from "../white-space.ts";
import { newExperimentJson } from "./experiment-json.ts";
import { placingLater } from "./placement.ts";
import { isNamed } from "./read-experiments.ts";

export interface NewRow {
  readonly id: string;
  /** The request's body as it was sent. */
  readonly body: string;
  /** Which of its elements, from 0, where it is an array; then all rows are of this one body. */
  readonly element?: number | undefined;
  readonly owner: string;
  /** With their defaults; null: none. */
  readonly retries: Retries | null;
  /** Ids of experiments that must have finished well before. */
  readonly after: readonly string[];
  /** What a sweep puts in the place of the body's own. */
  readonly sweep?: { readonly group: string; readonly member: SweepMember };
}

const row = z.object({ id: z.string(), experiment: z.string() });

// The bodies come as one JSON array and are parsed once each. The placement job comes after all rows, whatever the plan: its key is
// locked until the commit, and of two sessions that insert and lock in different orders each may wait for the other.
const statement = prepared(
  "create_experiments",
  `
with body as (
  select b.place, b.name, b.description, b.metadata, b.resources, b.priority, b.time_limit, b.time_limit_warning, b.notify,
         d.image, d.command, d.environment,
         case when d.entrypoint is null and d.workdir is null and d."user" is null and d.volumes is null then '{}'
              else jsonb_strip_nulls(jsonb_build_object('entrypoint', nullif(d.entrypoint, ''), 'workdir', nullif(d.workdir, ''),
                     'user', nullif(d."user", ''), 'volumes', nullif(d.volumes, '[]'))) end as options
    from rows from (json_to_recordset($6::json) as (name text, description text, docker json, metadata json, resources jsonb,
           priority numeric, time_limit text, time_limit_warning jsonb, notify text[]))
           with ordinality as b (name, description, docker, metadata, resources, priority, time_limit, time_limit_warning, notify, place),
         json_to_record(b.docker) as d (image text, command text, environment json, entrypoint text, workdir text, "user" text, volumes jsonb)
), created as (
  insert into public.jobs (id, name, description, docker_image, docker_command, docker_environment, docker_options, metadata, resources, priority, time_limit, time_limit_warning,
    retries, after, owner, group_id, combination, notify)
    select r.id, coalesce(r.name, ${trimmed("b.name")}), coalesce(b.description, ''), ${trimmed("b.image")}, coalesce(r.command, b.command, ''),
           coalesce(r.environment, b.environment, '{}')::jsonb, b.options, b.metadata, coalesce(b.resources, '{}'), coalesce(b.priority, 0), b.time_limit,
           case jsonb_typeof(b.time_limit_warning)
             when 'string' then jsonb_build_object('before', b.time_limit_warning, 'signal', 'SIGUSR1')
             when 'object' then '{"signal": "SIGUSR1"}' || b.time_limit_warning end,
           r.retries, coalesce(r.after::uuid[], '{}'), r.owner, r."group", r.combination, b.notify
      from unnest($1::uuid[], $2::integer[], $3::text[], $4::jsonb[], $5::text[], $7::uuid[], $8::text[], $9::text[], $10::json[], $11::json[])
             with ordinality as r (id, place, owner, retries, after, "group", name, command, environment, combination, ord)
      join body b on b.place = r.place
     order by r.ord
    returning *
), noted as (
  insert into skeduler.events (experiment_id, actor, kind) select id, coalesce(owner, 'unknown'), 'enqueued' from created
), placement as (
  select ${placingLater.add} from (select count(*) as n from created) c where n > 0 and ${placingLater.where}
)
select j.id::text as id, ${newExperimentJson} as experiment from created j, (select count(*) from placement) p`,
);

/** A column that hardly any row has; null for one without a value, which unnest fills up with nulls by itself. */
function columnOf(rows: readonly NewRow[], of: (row: NewRow) => string | null | undefined): unknown[] | null {
  const column = rows.map((r) => of(r) ?? null);
  return column.every((one) => one === null) ? null : column;
}

/** The created experiments as JSON text, one per row. */
export async function createExperiments(db: Queryable, rows: readonly NewRow[]): Promise<string[]> {
  const bodies: string[] = [];
  const places: number[] = [];
  for (const { body, element } of rows) {
    if (body !== bodies.at(-1)) bodies.push(body); // a sweep's rows come one after the other and share theirs
    places.push(element === undefined ? bodies.length : element + 1);
  }
  const [array] = rows.some((r) => r.element !== undefined) ? bodies : [];
  const created = await many(db, row, statement, [
    arrayOf(rows.map((r) => r.id)),
    arrayOf(places),
    arrayOf(rows.map((r) => quoted(r.owner))),
    columnOf(rows, (r) => r.retries && JSON.stringify(r.retries)),
    columnOf(rows, (r) => (r.after.length === 0 ? null : arrayOf(r.after))),
    array ?? `[${bodies.join(",")}]`,
    columnOf(rows, (r) => r.sweep?.group),
    columnOf(rows, (r) => r.sweep?.member.name),
    columnOf(rows, (r) => r.sweep?.member.command),
    columnOf(rows, (r) => r.sweep?.member.environment),
    columnOf(rows, (r) => r.sweep?.member.combination),
  ]);
  const byId = new Map(created.map((r) => [r.id, r.experiment]));
  return rows.map(({ id }) => {
    const experiment = byId.get(id);
    if (experiment === undefined) throw new Error("an inserted experiment was not answered");
    return experiment;
  });
}

/** The id of each experiment that is named by id or by name (the newest of that name); unknown ones are absent. */
export async function findExperiments(db: Queryable, names: readonly string[]): Promise<Map<string, string>> {
  const ids = names.map((name) => (z.guid().safeParse(name).success ? name : null));
  const rows = await many(
    db,
    z.object({ asked: z.string(), id: z.string() }),
    prepared(
      "find_experiments",
      `select asked, found.id::text as id from unnest($1::text[], $2::uuid[]) as named (asked, as_id), lateral (
         (select j.id from public.jobs j where j.id = as_id)
         union all
         (select j.id from public.jobs j where ${isNamed("asked")} order by j.seq desc limit 1) limit 1) found`,
    ),
    [names, ids],
  );
  return new Map(rows.map((one) => [one.asked, one.id]));
}
