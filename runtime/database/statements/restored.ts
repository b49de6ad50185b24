// After a restore: hosts report attempts that the database does not know, nothing is placed before every host that lived was
// heard, and an operator says of what was reported whether it counts. One transaction decides; the host's runner then acts.

import { z } from "zod";
import { ApiError } from "../../errors.ts";
import type { Result } from "../../experiment/states.ts";
import { many, maybeOne, one, transaction, type Pool, type Queryable } from "../pool.ts";
import { placingNow } from "./placement.ts";
import { lockHost } from "./registration.ts";
import { attemptSpec, type AttemptSpec } from "./runner.ts";

/** The server process, its timeline, and the database within it: after any restore, start or change of server, another one. */
const incarnation = `(select pg_postmaster_start_time()::text || ' ' || left(pg_walfile_name(pg_current_wal_lsn()), 8) || ' ' || oid::text
  from pg_database where datname = current_database())`;

/** How long placement waits for a host that lived and is not heard, where nobody saw a restore. */
const patienceSeconds = 60;
/** Hosts that had beaten so shortly before the last beat of all lived then. */
const livedWithin = 30;

const isAwaited = `not h.removed and (not h.compared or h.awaited_since is not null and (
    h.awaited_since > clock_timestamp() - interval '${patienceSeconds} s'
    or exists (select from skeduler.hosts r where r.restored_at >= b.seen_at)))`;

/** Of the installation `i`: whether this is not the database that placement saw last. */
export const appeared = `i.incarnation is distinct from ${incarnation}`;
/** An array of the hosts that are to be heard before anything is placed. */
export const awaited = `array(select h.name from skeduler.hosts h join skeduler.heartbeats b on b.host = h.name where ${isAwaited} order by h.name)`;

/** Called under placement's lock where the database `appeared`: its hosts are to be heard first; their names. */
export async function awaitHosts(db: Queryable): Promise<string[]> {
  await db.query(
    `with before as (
       select incarnation from skeduler.installation
     ), last as (
       select coalesce(max(seen_at) filter (where seen_at < pg_postmaster_start_time()), max(seen_at)) as beat from skeduler.heartbeats
     ), noted as (
       update skeduler.installation set incarnation = ${incarnation}
     )
     update skeduler.hosts h set awaited_since = clock_timestamp() from skeduler.heartbeats b, before, last
      where before.incarnation is not null and b.host = h.name and not h.removed
        and b.seen_at > last.beat - interval '${livedWithin} s'`,
  );
  return (await one(db, z.object({ hosts: z.array(z.string()) }), `select ${awaited} as hosts`)).hosts;
}

export interface UnknownAttempt {
  readonly id: string;
  readonly experimentId: string;
  readonly number: number;
  readonly running: boolean;
  readonly result: Result | null;
  readonly spec: AttemptSpec | null;
}

/** The host has compared its memory with the database: these ran there, and the database does not know them. */
export async function reportUnknown(
  db: Queryable,
  host: string,
  epoch: string,
  unknown: readonly UnknownAttempt[],
): Promise<void> {
  await db.query(
    `with ours as (
       update skeduler.hosts set compared = true, restored_at = case when $3::jsonb <> '[]' then clock_timestamp() else restored_at end
        where name = $1 and epoch = $2 returning name
     ), told as (
       insert into skeduler.unknown_attempts (id, host, experiment_id, number, running, result, spec)
         select (u ->> 'id')::uuid, ours.name, (u ->> 'experimentId')::uuid, (u ->> 'number')::integer, (u ->> 'running')::boolean,
                nullif(u -> 'result', 'null'), nullif(u -> 'spec', 'null')
           from ours, jsonb_array_elements($3::jsonb) u
         on conflict (id) do update set running = excluded.running, result = coalesce(excluded.result, unknown_attempts.result)
       returning id, experiment_id, running
     ), noted as (
       insert into skeduler.events (experiment_id, attempt_id, host, actor, kind, detail)
         select experiment_id, id, $1, 'runner', 'found_unknown', jsonb_build_object('running', running) from told
     )
     select ${placingNow} from ours`,
    [host, epoch, JSON.stringify(unknown)],
  );
}

export const words = ["adopt", "discard"] as const;
export type Word = (typeof words)[number];

const reported = z.object({
  id: z.string(),
  experiment_id: z.string(),
  number: z.number(),
  spec: attemptSpec.nullable(),
  last: z.boolean(),
});

/**
 * The operator's word on what a host reported, or on the named attempts of it. Adopted, an attempt is open again and its
 * experiment RUNNING with it: the runner follows its container, or closes it as it had ended. Of several attempts of one
 * experiment only the last can count. Undefined: nothing of this is waiting there. Throws ApiError `conflict`.
 */
export async function decide(
  pool: Pool,
  asked: {
    readonly host: string;
    readonly word: Word;
    readonly attempts: readonly string[] | undefined;
    readonly by: string;
  },
): Promise<number | undefined> {
  return transaction(pool, async (db) => {
    await lockHost(db, asked.host);
    const waiting = await many(
      db,
      reported,
      `select id::text as id, experiment_id::text as experiment_id, number, spec,
              number = max(number) over (partition by experiment_id) as last
         from skeduler.unknown_attempts
        where host = $1 and discarded_at is null and ($2::uuid[] is null or id = any($2)) order by experiment_id, number`,
      [asked.host, asked.attempts ?? null],
    );
    if (waiting.length === 0 || waiting.length < (asked.attempts?.length ?? 0)) return undefined;
    for (const found of waiting) {
      if (asked.word === "adopt" && found.last) await adopt(db, asked, found);
      else await discard(db, asked, found.id);
    }
    await db.query(
      // Not clean: the runner compares at its next beat, at once by the job, and stops what was discarded before it is offered.
      `with ours as (update skeduler.hosts set clean = false where name = $1 returning name)
       select graphile_worker.add_job('start-experiment/' || name, '{}', job_key := 'restored/' || name, max_attempts := 5) from ours`,
      [asked.host],
    );
    return waiting.length;
  });
}

async function discard(db: Queryable, { host, by }: { host: string; by: string }, id: string): Promise<void> {
  await db.query(
    `with gone as (
       update skeduler.unknown_attempts set discarded_at = clock_timestamp() where id = $1 returning experiment_id, id
     )
     insert into skeduler.events (experiment_id, attempt_id, host, actor, kind) select experiment_id, id, $2, $3, 'discarded' from gone`,
    [id, host, by],
  );
}

async function adopt(
  db: Queryable,
  { host, by }: { host: string; by: string },
  found: z.infer<typeof reported>,
): Promise<void> {
  if (found.spec !== null) await makeAnew(db, found.spec, by);
  const standing = await maybeOne(
    db,
    z.object({ attempt: z.number(), open: z.boolean() }),
    `select attempt, exists (select from skeduler.attempts a where a.experiment_id = j.id and a.closed_at is null) as open
       from public.jobs j where id = $1 for update`,
    [found.experiment_id],
  );
  if (standing === undefined)
    throw new ApiError(
      "conflict",
      `Nothing is known of the experiment ${found.experiment_id}, neither here nor on its host: it can only be discarded.`,
    );
  if (standing.open || standing.attempt >= found.number)
    throw new ApiError(
      "conflict",
      `The experiment ${found.experiment_id} has an attempt that came later or is open: this one can only be discarded.`,
    );
  const { rows } = await db.query<{ busy: boolean }>(
    "select exists (select from skeduler.leases where host = $1 and gpu = any($2)) as busy",
    [host, found.spec?.gpus ?? []],
  );
  if (rows[0]?.busy === true)
    throw new ApiError(
      "conflict",
      `A GPU of the attempt ${found.id} is held by another one: it can only be discarded.`,
    );
  await db.query(
    `with known as (
       delete from skeduler.unknown_attempts where id = $1 returning id, experiment_id, number, found_at
     ), opened as (
       insert into skeduler.attempts (id, experiment_id, number, host, epoch, gpus)
         select k.id, k.experiment_id, k.number, h.name, h.epoch, $3::text[] from known k join skeduler.hosts h on h.name = $2
       returning id, experiment_id, number
     ), leased as (
       insert into skeduler.leases (host, gpu, attempt_id) select $2, unnest($3::text[]), id from opened
     ), free as (
       delete from skeduler.withheld_gpus where host = $2 and gpu = any($3::text[])
     ), noted as (
       insert into skeduler.events (experiment_id, attempt_id, host, actor, kind) select experiment_id, id, $2, $4, 'adopted' from opened
     )
     update public.jobs j set attempt = o.number, host = $2, updated_at = clock_timestamp(),
            -- Cancelled since it was found: it stays so, and its container is stopped.
            status = case when j.ended_at > k.found_at then j.status else 'RUNNING' end,
            started_at = case when j.ended_at > k.found_at then j.started_at end,
            ended_at = case when j.ended_at > k.found_at then j.ended_at end,
            result = case when j.ended_at > k.found_at then j.result end
       from opened o, known k where j.id = o.experiment_id`,
    [found.id, host, found.spec?.gpus ?? [], by],
  );
}

/** The experiment as its host knew it, where the database does not have it. Description and metadata are lost. */
async function makeAnew(db: Queryable, spec: AttemptSpec, owner: string): Promise<void> {
  await db.query(
    `with made as (
       insert into public.jobs (id, name, description, docker_image, docker_command, docker_environment, docker_options, resources, time_limit,
                                time_limit_warning, retries, owner, attempt)
         select (s ->> 'experiment_id')::uuid, s ->> 'name', '', s ->> 'image', s ->> 'command', s -> 'environment', s -> 'options',
                jsonb_strip_nulls(jsonb_build_object('gpus', jsonb_array_length(s -> 'gpus'), 'memory', s -> 'memory', 'cpus', s -> 'cpus', 'shm_size', s -> 'shm_size')),
                s ->> 'time_limit', nullif(s -> 'time_limit_warning', 'null'), nullif(s -> 'retries', 'null'), $2, (s ->> 'number')::integer - 1
           from (select $1::jsonb as s) given
         on conflict (id) do nothing returning id
     )
     insert into skeduler.events (experiment_id, actor, kind) select id, $2, 'made_anew' from made`,
    [JSON.stringify(spec), owner],
  );
}
