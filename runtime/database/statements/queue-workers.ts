// Which processes lock queue jobs and live; the jobs of those that died are given to others.

import type { Queryable } from "../pool.ts";

/** Silent for longer, s, a process is dead; it beats several times in that. */
const deadAfter = 40;

/**
 * Says that the process lives which locks jobs under this id, and unlocks what dead ones had locked. Whoever was silent
 * itself (the database was away) judges nobody.
 */
export async function beatQueueWorker(db: Queryable, poolId: string): Promise<void> {
  await db.query(
    `with dead as (
       delete from skeduler.queue_workers w
        where seen_at < clock_timestamp() - make_interval(secs => $2)
          and exists (select from skeduler.queue_workers me where me.pool_id = $1 and me.seen_at > clock_timestamp() - make_interval(secs => $2 / 2.0))
       returning pool_id
     ), unlocked as (
       select graphile_worker.force_unlock_workers(array_agg(pool_id)) from dead having count(*) > 0
     ), beat as (
       insert into skeduler.queue_workers (pool_id) values ($1) on conflict (pool_id) do update set seen_at = clock_timestamp()
     )
     select count(*) from unlocked`,
    [poolId, deadAfter],
  );
}

/** It ends, and has nothing locked any more. */
export async function removeQueueWorker(db: Queryable, poolId: string): Promise<void> {
  await db.query("delete from skeduler.queue_workers where pool_id = $1", [poolId]);
}
