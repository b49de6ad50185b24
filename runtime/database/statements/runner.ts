// What a runner reads and writes of attempts: those open on its host, their start and end. Every write is fenced by attempt,
// epoch and open; what is read counts only where the database knows all that the host knew (registration.ts).

import { z } from "zod";
import { sends } from "../notifier.ts";
import { many, maybeOne, one, prepared, type Queryable } from "../pool.ts";
import { retries } from "../../experiment/retries.ts";
import { reasons, type Result } from "../../experiment/states.ts";
import { placingLater } from "./placement.ts";

const openAttempt = z.object({
  id: z.string(),
  number: z.number(),
  experiment_id: z.string(),
  name: z.string(),
  image: z.string(),
  command: z.string(),
  /** A secret is named here and filled in by the runner. */
  environment: z.record(z.string(), z.union([z.string(), z.null(), z.strictObject({ secret: z.string() })])),
  options: z.object({
    entrypoint: z.string().optional(),
    workdir: z.string().optional(),
    user: z.string().optional(),
    volumes: z.array(z.string()).optional(),
  }),
  memory: z.string().nullable(),
  cpus: z.number().nullable(),
  shm_size: z.string().nullable(),
  time_limit: z.string().nullable(),
  time_limit_warning: z.object({ before: z.string(), signal: z.string() }).nullable(),
  warned: z.boolean(),
  interrupted_at: z.date().nullable(),
  retries: z.unknown().transform((value) => retries.safeParse(value).data ?? null),
  retried: z.number(),
  gpus: z.array(z.string()),
  started: z.boolean(),
  next_seq: z.string().transform(Number),
  ends_line: z.boolean(),
  stored_bytes: z.string().transform(Number),
  log_position: z.unknown(),
  /** False: the experiment was cancelled (or enqueued anew), this attempt is to be stopped. */
  wanted: z.boolean(),
});
export type OpenAttempt = z.infer<typeof openAttempt>;

/** What a host keeps of an attempt: enough to make its experiment anew. */
export const attemptSpec = openAttempt.pick({
  id: true,
  number: true,
  experiment_id: true,
  name: true,
  image: true,
  command: true,
  environment: true,
  options: true,
  memory: true,
  cpus: true,
  shm_size: true,
  time_limit: true,
  time_limit_warning: true,
  retries: true,
  gpus: true,
});
export type AttemptSpec = z.infer<typeof attemptSpec>;

/** What a host has heard of its database: whoever answers must know as much. */
export interface Heard {
  readonly host: string;
  readonly epoch: string;
  /** Its heartbeats, as they were counted last. */
  readonly beats: string;
}

/** The database was restored to a moment before what its host knew. */
export class DatabaseRestored extends Error {
  constructor() {
    super("the database knows less than this host: it was restored");
  }
}

const knowsAll = "(select b.beats >= $2 from skeduler.heartbeats b where b.host = $1)";

const openAttempts = prepared(
  "readOpenAttempts",
  `select a.id::text as id, a.number, a.experiment_id::text as experiment_id, j.name, j.docker_image as image,
          j.docker_command as command,
          case when jsonb_typeof(j.docker_environment) = 'object'
            then (select coalesce(jsonb_object_agg(key,
                    case when jsonb_typeof(value) = 'object' and jsonb_typeof(value -> 'secret') = 'string'
                         then jsonb_build_object('secret', value -> 'secret')
                         else to_jsonb(value #>> '{}') end), '{}')
                    from jsonb_each(j.docker_environment)) else '{}' end as environment,
          j.docker_options as options,
          j.resources ->> 'memory' as memory, (j.resources ->> 'cpus')::float8 as cpus,
          j.resources ->> 'shm_size' as shm_size, j.time_limit, j.time_limit_warning,
          a.warned_at is not null as warned, a.interrupted_at, j.retries, j.retried, a.gpus, a.started_at is not null as started,
          a.next_seq::text as next_seq, a.log_position,
          (a.stdout_bytes + a.stderr_bytes + a.skeduler_bytes - a.cut_bytes)::text as stored_bytes,
          coalesce((select substring(c.data from length(c.data)) = '\\x0a' from skeduler.log_chunks c
                     where c.attempt_id = a.id and c.day = a.day and c.seq = a.next_seq - 1), true) as ends_line,
          j.status = 'RUNNING' and j.attempt = a.number as wanted
     from skeduler.attempts a join public.jobs j on j.id = a.experiment_id
    where a.host = $1 and ${knowsAll} and a.epoch = $3 and a.closed_at is null`,
);

/** The open attempts of a host, with all that it takes to run them. */
export async function readOpenAttempts(db: Queryable, { host, epoch, beats }: Heard): Promise<OpenAttempt[]> {
  return many(db, openAttempt, openAttempts, [host, beats, epoch]);
}

interface Fence {
  readonly attemptId: string;
  readonly epoch: string;
}

const startNoted = z.object({ took: z.number().nullable() });

const starting = prepared(
  "recordStart",
  `with a as (
     update skeduler.attempts set started_at = coalesce(started_at, $3), output = $4
      where id = $1 and epoch = $2 and closed_at is null
     returning id, experiment_id, number, host, started_at, placed_at, ${sends("$5")}
   ), j as (
     update public.jobs j set started_at = a.started_at from a
      where j.id = a.experiment_id and j.attempt = a.number and j.status = 'RUNNING' and j.started_at is null
     returning a.id as attempt_id, a.experiment_id, a.host, a.placed_at
   ), noted as (
     insert into skeduler.events (experiment_id, attempt_id, host, actor, kind)
       select experiment_id, attempt_id, host, 'runner', 'started' from j
   )
   select (select extract(epoch from clock_timestamp() - placed_at)::float8 from j) as took from a`,
);

/**
 * Keeps the container's start (and the output folder); undefined where the attempt is no longer ours. `took`: seconds since its
 * placement, by the database's clock alone; null where the start was noted before. `payload`: what to tell with it (notifier.ts).
 */
export async function recordStart(
  db: Queryable,
  fence: Fence,
  start: { readonly startedAt: Date; readonly output: string | undefined },
  payload?: string,
): Promise<z.infer<typeof startNoted> | undefined> {
  const { attemptId, epoch } = fence;
  return maybeOne(db, startNoted, starting, [attemptId, epoch, start.startedAt, start.output ?? null, payload ?? null]);
}

/** Notes that the warning before the time limit was sent. */
export async function recordWarning(db: Queryable, fence: Fence): Promise<void> {
  await db.query(
    "update skeduler.attempts set warned_at = clock_timestamp() where id = $1 and epoch = $2 and closed_at is null",
    [fence.attemptId, fence.epoch],
  );
}

/** Notes since when its container cannot be followed; null: it is followed again. */
export async function recordInterruption(db: Queryable, fence: Fence, since: Date | null): Promise<void> {
  await db.query(
    "update skeduler.attempts set interrupted_at = $3 where id = $1 and epoch = $2 and closed_at is null",
    [fence.attemptId, fence.epoch, since],
  );
}

const resultSchema = z.object({ reason: z.enum(reasons) });

const closing = prepared(
  "closeAttempt",
  `with a as (
     -- Docker takes the time of a start when it is told that it was made, by when a short program has ended.
     update skeduler.attempts set closed_at = clock_timestamp(), ended_at = case when $3::timestamptz is not null then greatest($3, started_at) end, result = $4
      where id = $1 and epoch = $2 and closed_at is null
     returning id, experiment_id, number, host, gpus, placed_at, ended_at, ${sends("$8")}
   ), released as (
     delete from skeduler.leases where attempt_id in (select id from a) returning host, gpu
   ), withheld as (
     -- In the statement that releases it: whoever dies now, nobody is granted it unchecked.
     insert into skeduler.withheld_gpus (host, gpu)
       select r.host, r.gpu from released r join skeduler.hosts h on h.name = r.host where h.checks_gpus
       on conflict (host, gpu) do update set stamp = gen_random_uuid(), since = now(), reason = null
   ), ended as (
     update public.jobs j
        set status = case when $6::float8 is not null then 'ENQUEUED' when $5 then 'FINISHED' else 'CANCELLED' end::public.job_status,
            updated_at = clock_timestamp(),
            ended_at = case when $6 is null then coalesce(a.ended_at, clock_timestamp()) end,
            result = case when $6 is null then $4::jsonb end,
            started_at = case when $6 is null then j.started_at end,
            host = case when $6 is null then j.host end,
            retried = case when $6 is null then j.retried else j.retried + 1 end,
            not_before = case when $6 is not null then clock_timestamp() + make_interval(secs => $6 / 1000) end
       from a where j.id = a.experiment_id and j.attempt = a.number and j.status = 'RUNNING'
     returning j.id, j.not_before
   ), later as (
     select graphile_worker.add_job('place-experiments', job_key := 'place-experiments/' || id, run_at := not_before, max_attempts := 5)
       from ended where not_before is not null
   ), charged as (
     -- To the owner's account for fair share, save where it was not the owner's doing. At least a tenth of a GPU.
     insert into skeduler.usage as u (owner, hour, gpu_hours)
       select coalesce(j.owner, ''), date_trunc('hour', clock_timestamp()),
              greatest(cardinality(a.gpus), 0.1) * extract(epoch from clock_timestamp() - a.placed_at)::float8 / 3600
         from a join public.jobs j on j.id = a.experiment_id where $4::jsonb ->> 'reason' not in ('host_lost', 'engine')
       on conflict (hour, owner) do update set gpu_hours = u.gpu_hours + excluded.gpu_hours
   ), noted as (
     insert into skeduler.events (experiment_id, attempt_id, host, actor, kind, detail)
       select experiment_id, id, host, $7, 'closed', $4 from a
   ), placement as (
     select ${placingLater.add} from a where ${placingLater.where}
   )
   select exists (select from a) and (select count(*) from placement) + (select count(*) from later) >= 0 as closed`,
);

/**
 * Closes an attempt with its result, releases its leases, and, if the experiment still is RUNNING with this attempt,
 * enqueues it again after `retryIn` ms or ends it: FINISHED where the container ran to its own end, CANCELLED otherwise. One statement; placement is asked for.
 * False where the attempt is no longer ours. "Already closed by us" (an answer that was lost) counts as true. `actor` is
 * the runner, or the watch over silent hosts; `payload` what to tell with it (notifier.ts).
 */
export async function closeAttempt(
  db: Queryable,
  fence: Fence,
  end: {
    readonly result: Result;
    readonly finished: boolean;
    readonly endedAt: Date | undefined;
    readonly retryIn: number | undefined;
  },
  { actor = "runner", payload }: { readonly actor?: "runner" | "watch"; readonly payload?: string | undefined } = {},
): Promise<boolean> {
  resultSchema.parse(end.result);
  const { closed } = await one(db, z.object({ closed: z.boolean() }), closing, [
    fence.attemptId,
    fence.epoch,
    end.endedAt ?? null,
    JSON.stringify(end.result),
    end.finished,
    end.retryIn ?? null,
    actor,
    payload ?? null,
  ]);
  if (closed) return true;
  // By itself: who closed it while the statement waited for the row is not in that statement's snapshot.
  const { rowCount } = await db.query(
    "select from skeduler.attempts where id = $1 and epoch = $2 and closed_at is not null",
    [fence.attemptId, fence.epoch],
  );
  return rowCount === 1;
}

/** The images that experiments had on a host and that none has there now, the least recently used first. */
export async function readImageUses(db: Queryable, host: string): Promise<string[]> {
  const rows = await many(
    db,
    z.object({ image: z.string() }),
    `select case when j.docker_image ~ '[:@][^/]*$' then j.docker_image else j.docker_image || ':latest' end as image
       from skeduler.attempts a join public.jobs j on j.id = a.experiment_id where a.host = $1
      group by 1 having bool_and(a.closed_at is not null) order by max(a.placed_at)`,
    [host],
  );
  return rows.map((row) => row.image);
}

export type Standing = "open" | "closed" | "reported" | "discarded";

const standings = prepared(
  "readStandings",
  `select asked.id::text as id, ${knowsAll} as trusted,
          case when a.id is not null then case when a.closed_at is null then 'open' else 'closed' end
               when u.id is not null then case when u.discarded_at is null then 'reported' else 'discarded' end end as standing
     from unnest($3::uuid[]) as asked (id) left join skeduler.attempts a using (id) left join skeduler.unknown_attempts u using (id)`,
);

/**
 * Where these attempts stand, for containers that are not in the list of ours; absent: the database does not know them.
 * Reported ones ran before it was restored and wait for an operator's word; discarded ones had it.
 */
export async function readStandings(
  db: Queryable,
  { host, beats }: Heard,
  ids: readonly string[],
): Promise<Map<string, Standing>> {
  const rows = await many(
    db,
    z.object({
      id: z.string(),
      standing: z.enum(["open", "closed", "reported", "discarded"]).nullable(),
      trusted: z.boolean().nullable(),
    }),
    standings,
    [host, beats, ids],
  );
  if (rows.some((row) => row.trusted !== true)) throw new DatabaseRestored();
  return new Map(rows.flatMap(({ id, standing }) => (standing === null ? [] : [[id, standing] as const])));
}

/** Which of these attempts were closed longer ago than so many seconds. None where the database knows less than the host. */
export async function readLongClosed(
  db: Queryable,
  { host, beats }: Heard,
  ids: readonly string[],
  seconds: number,
): Promise<ReadonlySet<string>> {
  const rows = await many(
    db,
    z.object({ id: z.string() }),
    `select a.id::text as id from skeduler.attempts a
      where a.id = any($3::uuid[]) and a.closed_at < clock_timestamp() - make_interval(secs => $4) and ${knowsAll}`,
    [host, beats, ids, seconds],
  );
  return new Set(rows.map(({ id }) => id));
}
