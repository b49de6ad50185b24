// What placement reads and writes. `assign` compares and sets: an experiment that is not ENQUEUED any more, or whose last
// attempt is still open, is left alone; a GPU that is leased makes the whole transaction fail on the primary key.

import { z } from "zod";
import { statuses } from "../../experiment/states.ts";
import type { Assignment, Reservation } from "../../scheduler/model.ts";
import { payloadsOf, sendsAll } from "../notifier.ts";
import { many, prepared, type Queryable } from "../pool.ts";

/** An arbitrary constant: the lock under which one process at a time places. */
const placementLock = "8315168192217801075";

/** A queue job that places at once. */
export const placingNow =
  "graphile_worker.add_job('place-experiments', job_key := 'place-experiments', max_attempts := 5)";

/**
 * A queue job that places within seconds: for the case that whoever is told at once (the process that took the POST, those that hear of a
 * free place) dies first. One that waits stands for all that come meanwhile: `where` no such one waits.
 */
export const placingLater = {
  add: "graphile_worker.add_job('place-experiments', job_key := 'place-experiments', max_attempts := 5, run_at := now() + interval '1 second')",
  where:
    "not exists (select from graphile_worker.jobs where key = 'place-experiments' and locked_at is null and attempts < max_attempts)",
};

/** A host silent for longer gets nothing. */
export const silentAfterSeconds = 30;

/** Why the host `h` with the heartbeat `b` takes nothing by itself, in words that follow its name; null: it does. */
export const problem = `case
  when b.seen_at < clock_timestamp() - make_interval(secs => ${silentAfterSeconds})
    then 'has been silent for ' || round(extract(epoch from clock_timestamp() - b.seen_at)) || ' s'
  when not h.compared then 'is being compared with the database, which was restored'
  when exists (select from skeduler.unknown_attempts u where u.host = h.name and u.discarded_at is null)
    then 'waits for an operator''s word on what ran there after the moment to which the database was restored'
  when h.lost_at is not null then 'was lost and is cleaning up'
  when not h.clean then 'is starting: what runs there is compared with what should'
  else h.trouble end`;

/** Waits for whoever places now. Waiting, not trying: who held the lock may have read before our caller's commit. */
export const beginPlacement = `begin; select pg_advisory_xact_lock(${placementLock})`;

/** All that follows sees the same moment. */
export const beginExplanation = "begin isolation level repeatable read read only";

export interface Doomed {
  readonly id: string;
  /** Of what it comes after. */
  readonly name: string;
}

/** Cancels what waits for an experiment that did not finish with exit code 0; their ids. */
export async function cancelDependants(db: Queryable, doomed: readonly Doomed[]): Promise<string[]> {
  if (doomed.length === 0) return [];
  const ids = doomed.map(({ id }) => id);
  const rows = await many(
    db,
    z.object({ id: z.string() }),
    `with cancelled as (
       update public.jobs j set status = 'CANCELLED', updated_at = clock_timestamp(), ended_at = clock_timestamp(), not_before = null,
              result = jsonb_build_object('reason', 'dependency', 'exit_code', null, 'signal', null,
                'message', 'Never started: "' || d.name || '", which it comes after, did not finish with exit code 0.')
         from (select id, case when length(name) > 200 then left(name, 199) || '…' else name end as name
                 from unnest($1::uuid[], $2::text[]) d (id, name)) d where j.id = d.id and j.status = 'ENQUEUED' returning j.id
     ), noted as (
       insert into skeduler.events (experiment_id, actor, kind) select id, 'placement', 'cancelled' from cancelled
     )
     select id::text as id, ${sendsAll("$3")} from cancelled`,
    [ids, doomed.map(({ name }) => name), payloadsOf(ids)],
  );
  return rows.map((row) => row.id);
}

const usage = prepared(
  "readUsage",
  `select owner, sum(gpu_hours * power(0.5, extract(epoch from now() - hour)::float8 / $1))::float8 as gpu_hours
     from skeduler.usage where hour > now() - make_interval(secs => 10 * $1) group by owner`,
);

/** GPU-hours of each owner's ended attempts, decayed by the hour with this half-life, ms. */
export async function readUsage(db: Queryable, halfLife: number): Promise<Map<string, number>> {
  const rows = await many(db, z.object({ owner: z.string(), gpu_hours: z.number() }), usage, [halfLife / 1000]);
  return new Map(rows.map((row) => [row.owner, row.gpu_hours]));
}

/** Who holds the reservation, and where. */
export type Held = Pick<Reservation, "experimentId" | "host">;

export async function keepReservation(db: Queryable, reservation: Held | undefined): Promise<void> {
  await db.query("update skeduler.reservation set experiment_id = $1, host = $2", [
    reservation?.experimentId ?? null,
    reservation?.host ?? null,
  ]);
}

const standing = z.object({
  status: z.enum(statuses),
  host: z.string().nullable(),
  stopping_on: z.string().nullable(),
  found_on: z.string().nullable(),
  not_before: z.string().nullable(),
  waits_for: z.string().nullable(),
});
export type Standing = z.infer<typeof standing>;

/** Where an experiment stands in the line; undefined where there is no such experiment. */
export async function readStanding(db: Queryable, id: string): Promise<Standing | undefined> {
  const [row] = await many(
    db,
    standing,
    `select me.status::text as status, me.host,
            (select a.host from skeduler.attempts a where a.experiment_id = me.id and a.closed_at is null) as stopping_on,
            (select u.host from skeduler.unknown_attempts u where u.experiment_id = me.id and u.discarded_at is null limit 1) as found_on,
            case when me.not_before > now() then to_char(me.not_before at time zone 'UTC', 'HH24:MI:SS') end as not_before,
            (select string_agg(coalesce(n.name, needed::text), ', ' order by n.name) from unnest(me.after) needed left join public.jobs n on n.id = needed
              where (n.status = 'FINISHED' and n.result ->> 'exit_code' = '0') is not true) as waits_for
       from public.jobs me where me.id = $1`,
    [id],
  );
  return row;
}

/**
 * Told with the commit: the name of a host on which something was placed. A hint; the queue job stands behind it, and has the
 * transaction pay for a notice anyway.
 */
export const placedChannel = "skeduler_placed";

// `any` and `status::text` keep the planner from the index of all that wait, which it takes for short until it was analyzed.
const assigning = prepared(
  "assign",
  `with asked as (
     select (x ->> 'experimentId')::uuid as id, x ->> 'host' as host, array(select jsonb_array_elements_text(x -> 'gpus')) as gpus
       from jsonb_array_elements($1::jsonb) x
   ), standing as (
     -- Held until the end: a runner that starts now takes its epoch before us, or with what we place. And asked once more whether it
     -- takes anything: who drained it since the look was answered that nothing comes any more.
     select name, epoch from skeduler.hosts where name in (select host from asked) and state = 'active' and not removed order by name for share
   ), running as (
     update public.jobs j
        set status = 'RUNNING', attempt = j.attempt + 1, host = q.host, updated_at = clock_timestamp(),
            started_at = null, ended_at = null, result = null
       from asked q join standing s on s.name = q.host where j.id = q.id and j.id = any(array(select id from asked)) and j.status::text = 'ENQUEUED'
     returning j.id, j.name, j.attempt, q.host, q.gpus
   ), opened as (
     insert into skeduler.attempts (experiment_id, number, host, epoch, gpus, expected)
       select r.id, r.attempt, r.host, h.epoch, r.gpus,
              (select percentile_disc(0.5) within group (order by took) from (
                 select p.ended_at - p.started_at as took from public.jobs p
                  where left(p.name, 200) = left(r.name, 200) and p.name = r.name and p.status = 'FINISHED' order by p.ended_at desc limit 5) past)
         from running r join standing h on h.name = r.host
     returning id, experiment_id, host, gpus
   ), leased as (
     insert into skeduler.leases (host, gpu, attempt_id) select host, unnest(gpus), id from opened
   ), noted as (
     insert into skeduler.events (experiment_id, attempt_id, host, actor, kind)
       select experiment_id, id, host, 'placement', 'placed' from opened
   )
   select experiment_id::text as id, graphile_worker.add_job('start-experiment/' || host,
            json_build_object('attempt', id), job_key := 'start-experiment/' || id, max_attempts := 5) is not null as job,
          pg_notify('${placedChannel}', host), ${sendsAll("$2")}
     from opened`,
);

/** Makes the assignments true; answers the experiments that were placed. */
export async function assign(db: Queryable, assignments: readonly Assignment[]): Promise<string[]> {
  const rows = await many(db, z.object({ id: z.string(), job: z.unknown() }), assigning, [
    JSON.stringify(assignments),
    payloadsOf(assignments.map(({ experimentId }) => experimentId)),
  ]);
  return rows.map((row) => row.id);
}
