// Inserts a batch of experiments, their events and one placement job, in one statement: all or none.
// Trusts that each body passed the schema; takes environment and metadata from the raw text, digit for digit.

import { z } from "zod";
import { many, type Queryable } from "../pool.ts";
import type { Retries } from "../../experiment/retries.ts";
import type { SweepMember } from "../../experiment/sweep.ts";
import { experimentJson } from "./experiment-json.ts";

export interface NewRow {
  readonly id: string;
  /** The request's body as it was sent. */
  readonly body: string;
  readonly owner: string;
  /** With their defaults; null: none. */
  readonly retries: Retries | null;
  /** Ids of experiments that must have finished well before. */
  readonly after: readonly string[];
  /** What a sweep puts in the place of the body's own. */
  readonly sweep?: { readonly group: string; readonly member: SweepMember };
}

const row = z.object({ id: z.string(), experiment: z.string() });

const statement = `
with input as (
  select ord, id, body, owner, retries, after::uuid[] as after, "group", coalesce(name, btrim(body ->> 'name')) as name,
         coalesce(command, body -> 'docker' ->> 'command', '') as command,
         coalesce(environment, body -> 'docker' -> 'environment', '{}') as environment, combination
    from unnest($1::uuid[], $2::integer[], $3::text[], $4::jsonb[], $5::text[], $7::uuid[], $8::text[], $9::text[], $10::json[], $11::json[])
           with ordinality as t (id, place, owner, retries, after, "group", name, command, environment, combination, ord)
    join unnest($6::json[]) with ordinality as b (body, place) using (place)
), created as (
  insert into public.jobs (id, name, description, docker_image, docker_command, docker_environment, docker_options, metadata, resources, priority, time_limit, time_limit_warning,
    retries, after, owner, group_id, combination)
    select id, name, coalesce(body ->> 'description', ''), btrim(body -> 'docker' ->> 'image'), command, environment::jsonb,
           (select coalesce(jsonb_object_agg(key, value), '{}') from jsonb_each((body -> 'docker')::jsonb)
             where key in ('entrypoint', 'workdir', 'user', 'volumes') and value not in ('null', '""', '[]')),
           case when json_typeof(body -> 'metadata') = 'null' then null else body -> 'metadata' end,
           case when json_typeof(body -> 'resources') = 'object' then (body -> 'resources')::jsonb else '{}' end,
           coalesce((body ->> 'priority')::integer, 0), body ->> 'time_limit',
           case json_typeof(body -> 'time_limit_warning')
             when 'string' then jsonb_build_object('before', body ->> 'time_limit_warning', 'signal', 'SIGUSR1')
             when 'object' then '{"signal": "SIGUSR1"}' || (body -> 'time_limit_warning')::jsonb end, retries, after, owner, "group", combination
      from input order by ord
    returning *
), noted as (
  insert into skeduler.events (experiment_id, actor, kind) select id, coalesce(owner, 'unknown'), 'enqueued' from created
), placement as (
  select graphile_worker.add_job('place-experiments', job_key := 'place-experiments', max_attempts := 5)
)
select j.id::text as id, ${experimentJson} as experiment
  from created j left join skeduler.attempts a on false, (select count(*) from placement) p`;

/** The created experiments as JSON text, one per row. */
export async function createExperiments(db: Queryable, rows: readonly NewRow[]): Promise<string[]> {
  const bodies = [...new Set(rows.map((r) => r.body))]; // a sweep's has one for all
  const place = new Map(bodies.map((body, index) => [body, index + 1]));
  const created = await many(db, row, statement, [
    rows.map((r) => r.id),
    rows.map((r) => place.get(r.body)),
    rows.map((r) => r.owner),
    rows.map((r) => r.retries && JSON.stringify(r.retries)),
    rows.map((r) => `{${r.after.join(",")}}`),
    bodies,
    rows.map((r) => r.sweep?.group),
    rows.map((r) => r.sweep?.member.name),
    rows.map((r) => r.sweep?.member.command),
    rows.map((r) => r.sweep?.member.environment),
    rows.map((r) => r.sweep?.member.combination),
  ]);
  const byId = new Map(created.map((r) => [r.id, r.experiment]));
  return rows.map(({ id }) => {
    const experiment = byId.get(id);
    if (experiment === undefined) throw new Error("an inserted experiment was not answered");
    return experiment;
  });
}

/** The elements of a JSON array, each as it was sent. */
export async function elementsOf(db: Queryable, array: string): Promise<string[]> {
  const rows = await many(
    db,
    z.object({ element: z.string() }),
    "select value::text as element from json_array_elements($1::json) with ordinality order by ordinality",
    [array],
  );
  return rows.map((one) => one.element);
}

/** The id of each experiment that is named by id or by name (the newest of that name); unknown ones are absent. */
export async function findExperiments(db: Queryable, names: readonly string[]): Promise<Map<string, string>> {
  const rows = await many(
    db,
    z.object({ asked: z.string(), id: z.string() }),
    `select asked, id::text as id from unnest($1::text[]) asked, lateral (
       (select j.id from public.jobs j where j.id::text = lower(asked))
       union all
       (select j.id from public.jobs j where j.name = asked order by j.seq desc limit 1) limit 1) found`,
    [names],
  );
  return new Map(rows.map((one) => [one.asked, one.id]));
}
