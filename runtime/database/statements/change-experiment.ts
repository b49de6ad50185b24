// PUT, decided by one statement on a locked row: what changes, what is refused and why, what follows (stop the attempt,
// place again). An attempt needs no mark of its own: an open one whose experiment is not RUNNING is to be stopped.

import { z } from "zod";
import { statuses } from "../../experiment/states.ts";
import { maybeOne, type Queryable } from "../pool.ts";
import { rfc3339 } from "../rfc3339.ts";
import { trimmed } from "../white-space.ts";
import { experimentJson } from "./experiment-json.ts";
import { placingNow } from "./placement.ts";

export interface ChangeRequest {
  readonly id: string;
  /** The request's body as it was sent, already through the schema. */
  readonly body: string;
  readonly owner: string;
}

const answer = z.object({
  verdict: z.enum(["changed", "same", "stale", "immutable", "refused"]),
  /** Changed, from an ended one to one that waits. */
  enqueued: z.boolean(),
  status: z.enum(statuses),
  updated_at: z.string(),
  changed_docker: z.string().nullable(),
  experiment: z.string(),
});
export type ChangeAnswer = z.infer<typeof answer>;

/** What the answer is made of, of a row that was changed or that stays. */
const answered = `j.id, j.name, j.description, j.docker_image, j.docker_command, j.docker_environment, j.docker_options, j.created_at, j.updated_at,
  j.status, j.metadata, j.resources, j.priority, j.time_limit, j.time_limit_warning, j.retries, j.retried, j.not_before, j.after, j.notify, j.group_id, j.combination,
  j.owner, j.host, j.started_at, j.ended_at, j.result, j.attempt`;

const statement = `
with input as (
  select $2::json as body,
         nullif(${trimmed("$2::json ->> 'name'")}, '') as name, nullif($2::json ->> 'description', '') as description,
         nullif($2::json ->> 'status', '')::public.job_status as status,
         nullif($2::json ->> 'updated_at', '')::timestamptz as updated_at,
         ($2::json ->> 'priority')::numeric::integer as priority, nullif($2::json ->> 'time_limit', '') as time_limit,
         case when json_typeof($2::json -> 'metadata') = 'null' or $2::json ->> 'metadata' = '' then null
              else $2::json -> 'metadata' end as metadata,
         case when json_typeof($2::json -> 'notify') = 'array' then array(select json_array_elements_text($2::json -> 'notify')) end as notify
), locked as (
  select * from public.jobs where id = $1 for update
), judged as (
  select l.*, i.name as new_name, i.description as new_description, i.metadata as new_metadata, i.status as new_status,
    i.priority as new_priority, i.notify as new_notify,
    case when i.body -> 'docker' ->> 'image' <> l.docker_image then 'docker.image'
         when i.body -> 'docker' ->> 'command' <> l.docker_command then 'docker.command'
         when json_typeof(i.body -> 'docker' -> 'environment') <> 'null' and (i.body -> 'docker' -> 'environment')::jsonb <> l.docker_environment then 'docker.environment'
         when changed_option is not null then 'docker.' || changed_option
         when json_typeof(i.body -> 'resources') = 'object' and (i.body -> 'resources')::jsonb <> l.resources then 'resources'
         when i.time_limit <> coalesce(l.time_limit, '') then 'time_limit'
         when json_typeof(i.body -> 'time_limit_warning') = 'object' and (i.body -> 'time_limit_warning')::jsonb is distinct from l.time_limit_warning
           then 'time_limit_warning'
         when json_typeof(i.body -> 'retries') = 'object' and (i.body -> 'retries')::jsonb is distinct from l.retries then 'retries'
         when json_typeof(i.body -> 'after') = 'array' and (i.body -> 'after')::jsonb <> to_jsonb(l.after) then 'after'
    end as changed_docker,
    i.updated_at is not null and i.updated_at <> l.updated_at as stale,
    case when i.status is null or i.status = l.status then 'stay'
         when l.status = 'ENQUEUED' and i.status = 'CANCELLED' then 'dequeue'
         when l.status = 'RUNNING' and i.status = 'CANCELLED' then 'stop'
         when l.status in ('FINISHED', 'CANCELLED') and i.status = 'ENQUEUED' then 'enqueue'
         else 'refused' end as move
  from locked l cross join input i left join lateral (
    -- "" and null stay; [] is how no volumes are written.
    select key as changed_option from jsonb_each(
             case when json_typeof(i.body -> 'docker') = 'object' then (i.body -> 'docker')::jsonb else '{}' end)
     where key in ('entrypoint', 'workdir', 'user', 'volumes') and value not in ('null', '""')
       and coalesce(l.docker_options -> key, '[]') <> value limit 1
  ) options on true
), verdicts as (
  select *, case when changed_docker is not null then 'immutable'
                 when stale then 'stale'
                 when move = 'refused' then 'refused'
                 when move = 'stay' and (new_name is null or new_name = name)
                  and (new_description is null or new_description = description)
                  and (new_priority is null or new_priority = priority)
                  and (new_notify is null or new_notify is not distinct from notify)
                  and (new_metadata is null or new_metadata::text is not distinct from metadata::text) then 'same'
                 else 'changed' end as verdict
  from judged
), changed as (
  update public.jobs j
     set name = coalesce(v.new_name, j.name), description = coalesce(v.new_description, j.description),
         metadata = coalesce(v.new_metadata, j.metadata), priority = coalesce(v.new_priority, j.priority),
         notify = coalesce(v.new_notify, j.notify),
         updated_at = clock_timestamp(),
         status = case v.move when 'stay' then j.status when 'enqueue' then 'ENQUEUED' else 'CANCELLED' end::public.job_status,
         enqueued_at = case v.move when 'enqueue' then clock_timestamp() else j.enqueued_at end,
         retried = case v.move when 'enqueue' then 0 else j.retried end,
         not_before = case v.move when 'stay' then j.not_before end,
         started_at = case v.move when 'enqueue' then null else j.started_at end,
         ended_at = case v.move when 'stay' then j.ended_at when 'enqueue' then null else clock_timestamp() end,
         host = case v.move when 'enqueue' then null else j.host end,
         result = case v.move when 'stay' then j.result when 'enqueue' then null
           else jsonb_build_object('reason', 'user', 'exit_code', null, 'signal', null, 'message',
             'Cancelled by ' || $3 || case v.move when 'dequeue' then ' while it waited.' else ' while it ran.' end) end
    from verdicts v where j.id = v.id and v.verdict = 'changed'
    returning j.*, v.move as move, v.host as old_host
), noted as (
  insert into skeduler.events (experiment_id, actor, kind)
    select id, $3, case move when 'stay' then 'edited' when 'enqueue' then 'enqueued' else 'cancelled' end from changed
), jobs as (
  select case move
           when 'stop' then graphile_worker.add_job('stop-experiment/' || old_host, json_build_object('experiment', id),
                              job_key := 'stop-experiment/' || id, max_attempts := 5)
           when 'enqueue' then ${placingNow}
         end as job
    from changed where move in ('stop', 'enqueue')
), final as (
  select ${answered} from changed j
  union all
  select ${answered} from verdicts j where verdict <> 'changed'
)
select v.verdict, v.verdict = 'changed' and v.move = 'enqueue' as enqueued, v.status::text as status, v.changed_docker,
       ${rfc3339("v.updated_at")} as updated_at, ${experimentJson} as experiment
  from final j
  left join skeduler.attempts a on a.experiment_id = j.id and a.number = j.attempt, verdicts v, (select count(job) from jobs) n`;

/** Undefined where there is no such experiment. */
export async function changeExperiment(db: Queryable, request: ChangeRequest): Promise<ChangeAnswer | undefined> {
  return maybeOne(db, answer, statement, [request.id, request.body, request.owner]);
}
