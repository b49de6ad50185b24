// Inserts a batch of experiments, their events and one placement job, in one statement: all or none.
// Trusts that each body passed the schema; takes environment and metadata from the raw text, digit for digit.

import { z } from "zod";
import { many, type Queryable } from "../pool.ts";
import { experimentJson } from "./experiment-json.ts";

export interface NewRow {
  readonly id: string;
  /** The request's body as it was sent. */
  readonly body: string;
  readonly owner: string;
}

const row = z.object({ id: z.string(), experiment: z.string() });

const statement = `
with input as (
  select ord, id, body, owner
    from unnest($1::uuid[], $2::json[], $3::text[]) with ordinality as t (id, body, owner, ord)
), created as (
  insert into public.jobs (id, name, description, docker_image, docker_command, docker_environment, metadata, resources, priority, time_limit,
    owner)
    select id, btrim(body ->> 'name'), coalesce(body ->> 'description', ''), btrim(body -> 'docker' ->> 'image'),
           coalesce(body -> 'docker' ->> 'command', ''), coalesce((body -> 'docker' -> 'environment')::jsonb, '{}'),
           case when json_typeof(body -> 'metadata') = 'null' then null else body -> 'metadata' end,
           case when json_typeof(body -> 'resources') = 'object' then (body -> 'resources')::jsonb else '{}' end,
           coalesce((body ->> 'priority')::integer, 0), body ->> 'time_limit', owner
      from input order by ord
    returning *
), noted as (
  insert into skeduler.events (experiment_id, actor, kind) select id, coalesce(owner, 'unknown'), 'enqueued' from created
), placement as (
  select graphile_worker.add_job('place-experiments', job_key := 'place-experiments', max_attempts := 5)
)
select j.id::text as id, ${experimentJson} as experiment
  from created j left join skeduler.attempts a on false, (select count(*) from placement) p`;

/** The created experiments as JSON text, by id. */
export async function createExperiments(db: Queryable, rows: readonly NewRow[]): Promise<Map<string, string>> {
  const created = await many(db, row, statement, [
    rows.map((r) => r.id),
    rows.map((r) => r.body),
    rows.map((r) => r.owner),
  ]);
  return new Map(created.map((r) => [r.id, r.experiment]));
}
