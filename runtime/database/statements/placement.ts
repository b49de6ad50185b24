// What placement reads and writes. `assign` compares and sets: an experiment that is not ENQUEUED any more, or whose last
// attempt is still open, is left alone; a GPU that is leased makes the whole transaction fail on the primary key.

import { z } from "zod";
import { many, type Queryable } from "../pool.ts";
import type { Assignment, HostState } from "../../scheduler/place.ts";

/** An arbitrary constant: the lock under which one process at a time places. */
const placementLock = "8315168192217801075";

/** A host silent for longer gets nothing. */
export const silentAfterSeconds = 30;

/** Waits for whoever places now. Waiting, not trying: who held the lock may have read before our caller's commit. */
export async function lockPlacement(db: Queryable): Promise<void> {
  await db.query("select pg_advisory_xact_lock($1::bigint)", [placementLock]);
}

const hostRow = z.object({
  name: z.string(),
  free: z.number(),
  freeGpus: z.array(z.string()),
  hasGpus: z.boolean(),
});

/** Live hosts and their free places. */
export async function readHosts(db: Queryable): Promise<HostState[]> {
  return many(
    db,
    hostRow,
    `select h.name, h.slots - (select count(*) from skeduler.attempts a where a.host = h.name and a.closed_at is null)::int as free,
            array(select g ->> 'uuid' from jsonb_array_elements(h.gpus) g
                   where not exists (select from skeduler.leases l where l.host = h.name and l.gpu = g ->> 'uuid')
                   order by (g ->> 'index')::int) as "freeGpus",
            jsonb_array_length(h.gpus) > 0 as "hasGpus"
       from skeduler.hosts h join skeduler.heartbeats b on b.host = h.name
      where b.seen_at > clock_timestamp() - make_interval(secs => $1)`,
    [silentAfterSeconds],
  );
}

/** Ids of experiments that can be placed, in the order they were enqueued. */
export async function readWaiting(db: Queryable, limit: number): Promise<string[]> {
  const rows = await many(
    db,
    z.object({ id: z.string() }),
    `select j.id::text as id from public.jobs j
      where j.status = 'ENQUEUED'
        and not exists (select from skeduler.attempts a where a.experiment_id = j.id and a.closed_at is null)
      order by j.enqueued_at, j.seq limit $1`,
    [limit],
  );
  return rows.map((row) => row.id);
}

/** Makes the assignments true; answers the experiments that were placed. */
export async function assign(db: Queryable, assignments: readonly Assignment[]): Promise<string[]> {
  const rows = await many(
    db,
    z.object({ id: z.string(), job: z.unknown() }),
    `with asked as (
       select (x ->> 'experimentId')::uuid as id, x ->> 'host' as host, array(select jsonb_array_elements_text(x -> 'gpus')) as gpus
         from jsonb_array_elements($1::jsonb) x
     ), running as (
       update public.jobs j
          set status = 'RUNNING', attempt = j.attempt + 1, host = q.host, updated_at = clock_timestamp(),
              started_at = null, ended_at = null, result = null
         from asked q where j.id = q.id and j.status = 'ENQUEUED'
       returning j.id, j.attempt, q.host, q.gpus
     ), opened as (
       insert into skeduler.attempts (experiment_id, number, host, epoch, gpus)
         select r.id, r.attempt, r.host, h.epoch, r.gpus from running r join skeduler.hosts h on h.name = r.host
       returning id, experiment_id, host, gpus
     ), leased as (
       insert into skeduler.leases (host, gpu, attempt_id) select host, unnest(gpus), id from opened
     ), noted as (
       insert into skeduler.events (experiment_id, attempt_id, host, actor, kind)
         select experiment_id, id, host, 'placement', 'placed' from opened
     )
     select experiment_id::text as id, graphile_worker.add_job('start-experiment/' || host,
              json_build_object('attempt', id), job_key := 'start-experiment/' || id, max_attempts := 5) is not null as job
       from opened`,
    [JSON.stringify(assignments)],
  );
  return rows.map((row) => row.id);
}
