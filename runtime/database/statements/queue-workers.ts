// Which processes lock queue jobs and live; the jobs of those that died are given to others.

import { z } from "zod";
import { many, prepared, type Queryable } from "../pool.ts";

/** Silent for longer, s, a process is dead; it beats several times in that. */
const deadAfter = 40;

const beat = prepared(
  "beatQueueWorker",
  `with me as (
     select from skeduler.queue_workers where pool_id = $1 and seen_at > clock_timestamp() - make_interval(secs => $2 / 2.0)
   ), dead as (
     delete from skeduler.queue_workers
      where seen_at < clock_timestamp() - make_interval(secs => $2) and exists (select from me) returning pool_id
   ), strange as (
     -- Killed before it could say for the first time that it lives.
     select distinct j.locked_by as pool_id from graphile_worker.jobs j
      where j.locked_at < clock_timestamp() - make_interval(secs => $2) and exists (select from me)
        and not exists (select from skeduler.queue_workers w where w.pool_id = j.locked_by)
   ), astray as (
     select $1::text as pool_id where $3 and exists (
       select from graphile_worker.jobs j where j.locked_by = $1 and j.locked_at < clock_timestamp() - make_interval(secs => $2))
   ), gone as (
     select pool_id from dead union select pool_id from strange union select pool_id from astray
   ), beat as (
     insert into skeduler.queue_workers (pool_id) values ($1) on conflict (pool_id) do update set seen_at = clock_timestamp()
   )
   select pool_id from gone`,
);

/**
 * Says that the process lives which locks jobs under this id, and unlocks what dead ones had locked. Whoever was silent
 * itself (the database was away) judges nobody. `idle`: it has had no job in hand for a while; what it has locked all the same was
 * given to it by an answer that was lost on its way, and is unlocked too.
 */
export async function beatQueueWorker(db: Queryable, poolId: string, idle: boolean): Promise<void> {
  const gone = await many(db, z.object({ pool_id: z.string() }), beat, [poolId, deadAfter, idle]);
  if (gone.length > 0)
    await unlockJobs(
      db,
      gone.map((one) => one.pool_id),
    );
}

/**
 * Gives what these processes have locked to others. Each giving out counted as a try, though nobody may ever have tried: what has
 * used all of its tries so gets one more, or it would lie there for ever.
 */
export async function unlockJobs(db: Queryable, poolIds: readonly string[]): Promise<void> {
  await db.query(
    `with spent as (
       select id, max_attempts from graphile_worker.jobs where locked_by = any($1::text[]) and attempts >= max_attempts
     ), unlocked as (
       select graphile_worker.force_unlock_workers($1::text[])
     )
     select graphile_worker.reschedule_jobs(array[s.id], attempts := s.max_attempts - 1) from (select count(*) from unlocked) first, spent s`,
    [poolIds],
  );
}

/** It ends, and has nothing locked any more. */
export async function removeQueueWorker(db: Queryable, poolId: string): Promise<void> {
  await db.query("delete from skeduler.queue_workers where pool_id = $1", [poolId]);
}
