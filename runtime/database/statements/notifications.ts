// What the delivery of notifications reads and writes. The trigger `skeduler.note_changes` writes the rows (migrations/0013):
// one for each change of a status and target. A target is drained by one process at a time, under a lease that ends by
// itself; a notification stays `waiting` until its target took it or it is given up (`failed`).

import { z } from "zod";
import { reasons, statuses, type Status } from "../../experiment/states.ts";
import { many, maybeOne, one, type Queryable } from "../pool.ts";
import { deliveredJson } from "./notification-json.ts";

export interface TargetRow {
  readonly name: string;
  /** How experiments call it in `notify`. */
  readonly called: string;
  readonly task: string;
  readonly statuses: readonly Status[];
  readonly owners: readonly string[];
  /** Patterns for `like`. */
  readonly names: readonly string[];
  readonly byDefault: boolean;
}

/** Makes these the targets of the tasks named, and no others; what waits for one that is gone is given up. */
export async function registerTargets(
  db: Queryable,
  tasks: readonly string[],
  targets: readonly TargetRow[],
): Promise<void> {
  await db.query(
    `with input as (
       select * from jsonb_to_recordset($2::jsonb)
         as x (name text, called text, task text, statuses public.job_status[], owners text[], names text[], "byDefault" boolean)
     ), gone as (
       delete from skeduler.notification_targets t where t.task = any($1) and t.name not in (select name from input) returning t.name
     ), given_up as (
       update skeduler.notifications n set state = 'failed', settled_at = clock_timestamp(), error = 'The target is not configured any more.'
         from gone where n.target = gone.name and n.state = 'waiting'
     )
     insert into skeduler.notification_targets (name, called, task, statuses, owners, names, by_default)
       select name, called, task, statuses, owners, names, "byDefault" from input
       on conflict (name) do update set called = excluded.called, task = excluded.task, statuses = excluded.statuses,
         owners = excluded.owners, names = excluded.names, by_default = excluded.by_default, not_before = null`,
    [tasks, JSON.stringify(targets)],
  );
}

const date = z.string().transform((text) => new Date(text));
const result = z.object({
  reason: z.enum(reasons).or(z.string()),
  exit_code: z.number().nullable(),
  signal: z.string().nullable(),
  message: z.string(),
});

const notice = z.object({
  seq: z.string(),
  id: z.string(),
  experimentId: z.string(),
  /** What it became. */
  status: z.enum(statuses),
  attempt: z.number(),
  at: date,
  tries: z.number(),
  name: z.string(),
  owner: z.string().nullable(),
  host: z.string().nullable(),
  /** The models of its GPUs. */
  gpus: z.array(z.string()),
  startedAt: date.nullable(),
  endedAt: date.nullable(),
  result: result.nullable(),
  /** The experiment as it then was, as JSON text; metadata digit for digit. */
  json: z.string(),
});
/** A change that a target is to be told of. */
export type Notice = z.output<typeof notice>;

/** A notice of an end waits for its attempt to be closed, so that the log is whole; at most this long, s. */
const patience = 60;
const ready = `(n.status in ('ENQUEUED', 'RUNNING') or n.created_at < clock_timestamp() - interval '${patience} s'
  or not exists (select from skeduler.attempts o where o.experiment_id = n.experiment_id and o.number = n.attempt and o.closed_at is null))`;

/**
 * Takes the target's lease for `lease` ms, or extends it, and reads what is due, the oldest first. Undefined where another
 * process holds it (that one is told to look once more) or where the target is gone.
 */
export async function claimNotices(
  db: Queryable,
  claim: { readonly target: string; readonly by: string; readonly lease: number; readonly limit: number },
): Promise<Notice[] | undefined> {
  const { rows } = await db.query<{ mine: boolean; open: boolean }>(
    `with held as (
       select name, drained_by is not null and drained_by <> $2 and drained_until > clock_timestamp() as elsewhere
         from skeduler.notification_targets where name = $1 for update
     )
     update skeduler.notification_targets t set again = held.elsewhere,
            drained_by = case when held.elsewhere then t.drained_by else $2 end,
            drained_until = case when held.elsewhere then t.drained_until else clock_timestamp() + make_interval(secs => $3) end
       from held where t.name = held.name
     returning not held.elsewhere as mine, coalesce(t.not_before <= clock_timestamp(), true) as open`,
    [claim.target, claim.by, claim.lease / 1000],
  );
  if (rows[0]?.mine !== true) return undefined;
  if (!rows[0].open) return [];
  return many(
    db,
    notice,
    `select n.seq::text as seq, n.id::text as id, n.experiment_id::text as "experimentId", n.status::text as status, n.attempt,
            to_json(n.created_at) #>> '{}' as at, n.tries, j.name, j.owner, n.change ->> 'host' as host,
            coalesce((select array_agg(g ->> 'name' order by (g ->> 'index')::int) from skeduler.hosts h, jsonb_array_elements(h.gpus) g
                       where h.name = a.host and g ->> 'uuid' = any (a.gpus)), '{}') as gpus,
            n.change ->> 'started_at' as "startedAt", n.change ->> 'ended_at' as "endedAt",
            case when n.status = 'ENQUEUED' then a.result else n.change -> 'result' end as result, ${deliveredJson} as json
       from (select * from skeduler.notifications n
              where n.target = $1 and n.state = 'waiting' and n.due_at <= clock_timestamp() and ${ready}
              order by n.seq limit $2) n
       join public.jobs j on j.id = n.experiment_id
       left join skeduler.attempts a on a.experiment_id = j.id and a.number = n.attempt
      order by n.seq`,
    [claim.target, claim.limit],
  );
}

/**
 * Gives the lease back, and enqueues a look at the time when something will be due. Where that is within `short` ms the
 * lease is kept instead and the time to wait, ms, is answered: 0 where something came meanwhile.
 */
export async function restTarget(
  db: Queryable,
  { target, by, short }: { readonly target: string; readonly by: string; readonly short: number },
): Promise<number | undefined> {
  const row = await maybeOne(
    db,
    z.object({ wait: z.number().nullable() }),
    `with me as (
       select name, again, not_before, task from skeduler.notification_targets where name = $1 and drained_by = $2 for update
     ), next as (
       select me.name, me.task, case when me.again then 0 else greatest(0, extract(epoch from n.at - clock_timestamp())::float8 * 1000) end as wait
         from me, lateral (select greatest(min(case when ${ready} then n.due_at else clock_timestamp() + interval '1 s' end), me.not_before) as at
                             from skeduler.notifications n where n.target = me.name and n.state = 'waiting' having count(*) > 0 or me.again) n
     ), later as (
       select graphile_worker.add_job(task, json_build_object('target', name), job_key := 'later/' || name,
                run_at := clock_timestamp() + make_interval(secs => wait / 1000), max_attempts := 5)
         from next where wait > $3
     ), rested as (
       update skeduler.notification_targets t set again = false,
              drained_by = case when next.wait <= $3 then t.drained_by end
         from me left join next using (name) where t.name = me.name
     )
     select case when wait <= $3 then wait end as wait from me left join next using (name), (select count(*) from later) l`,
    [target, by, short],
  );
  return row?.wait ?? undefined;
}

/** The target took them; the next comes after `pace` ms. */
export async function recordSent(db: Queryable, target: string, sent: readonly Notice[], pace: number): Promise<void> {
  await db.query(
    `with paced as (
       update skeduler.notification_targets set not_before = clock_timestamp() + make_interval(secs => $3) where name = $1
     )
     update skeduler.notifications set state = 'sent', settled_at = clock_timestamp(), tries = tries + 1, error = null
      where seq = any($2::bigint[])`,
    [target, sent.map(({ seq }) => seq), pace / 1000],
  );
}

export interface Refusal {
  /** What went wrong, for people. */
  readonly error: string;
  /** Until the next try, ms. */
  readonly delay: number;
  /** Nothing else is sent to the target before that. */
  readonly pause: boolean;
  /** Given up once its next try would be this long, ms, after the first. */
  readonly giveUpAfter: number;
}

/** The target did not take them: they are due again later, or given up. Answers how many were given up. */
export async function recordRefused(
  db: Queryable,
  target: string,
  refused: readonly Notice[],
  { error, delay, pause, giveUpAfter }: Refusal,
): Promise<number> {
  const row = await one(
    db,
    z.object({ failed: z.number() }),
    `with paused as (
       update skeduler.notification_targets set not_before = clock_timestamp() + make_interval(secs => $3) where name = $1 and $4
     ), tried as (
       update skeduler.notifications n set tries = tries + 1, error = $5, due_at = clock_timestamp() + make_interval(secs => $3),
              state = case when late then 'failed' else 'waiting' end, settled_at = case when late then clock_timestamp() end
         from (select seq, clock_timestamp() + make_interval(secs => $3) > since + make_interval(secs => $6)
                        or not exists (select from skeduler.notification_targets where name = $1) as late
                 from skeduler.notifications where seq = any($2::bigint[])) judged
        where n.seq = judged.seq returning n.state
     )
     select (count(*) filter (where state = 'failed'))::int as failed from tried`,
    [target, refused.map(({ seq }) => seq), delay / 1000, pause, error, giveUpAfter / 1000],
  );
  return row.failed;
}

/** How long, s, something may be overdue before it is supposed that whoever was to send it died. */
const overdue = 20;

/** Enqueues a look at each target of a task for which something is overdue and that nobody drains. */
export async function wakeTargets(db: Queryable, task: string): Promise<void> {
  await db.query(
    `select graphile_worker.add_job(t.task, json_build_object('target', t.name), job_key := 'later/' || t.name, max_attempts := 5)
       from skeduler.notification_targets t
      where t.task = $1 and (t.drained_by is null or t.drained_until < clock_timestamp()) and coalesce(t.not_before < clock_timestamp(), true)
        and exists (select from skeduler.notifications n where n.target = t.name and n.state = 'waiting'
                       and n.due_at < clock_timestamp() - interval '${overdue} s')`,
    [task],
  );
}

/** Forgets what was sent or given up more than `keep` ms ago. */
export async function expireNotifications(db: Queryable, keep: number): Promise<void> {
  await db.query(
    "delete from skeduler.notifications where settled_at < clock_timestamp() - make_interval(secs => $1)",
    [keep / 1000],
  );
}
