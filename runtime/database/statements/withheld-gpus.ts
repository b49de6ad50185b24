// GPUs that nobody holds and that may not be granted yet: released and not checked since, or found dirty.

import { z } from "zod";
import { many, prepared, type Queryable } from "../pool.ts";
import { placingNow } from "./placement.ts";

const withheldGpu = z.object({ gpu: z.string(), stamp: z.string() });
export type WithheldGpu = z.output<typeof withheldGpu>;

const withheld = prepared(
  "readWithheldGpus",
  `select w.gpu, w.stamp::text as stamp from skeduler.withheld_gpus w join skeduler.hosts h on h.name = w.host
    where h.name = $1 and h.epoch = $2 order by w.gpu`,
);

/** [] too where a newer start of the runner has taken over. */
export async function readWithheldGpus(db: Queryable, host: string, epoch: string): Promise<WithheldGpu[]> {
  return many(db, withheldGpu, withheld, [host, epoch]);
}

/** These were seen clean: they may be granted, unless they were released once more since. Placement is asked for. */
export async function offerGpus(
  db: Queryable,
  host: string,
  epoch: string,
  gpus: readonly WithheldGpu[],
): Promise<void> {
  await db.query(
    `with gone as (
       delete from skeduler.withheld_gpus w using skeduler.hosts h, unnest($3::uuid[]) seen
        where w.host = $1 and h.name = $1 and h.epoch = $2 and w.stamp = seen returning w.gpu, w.reason
     ), noted as (
       insert into skeduler.events (host, actor, kind, detail)
         select $1, 'runner', 'gpu_clean', jsonb_build_object('gpu', gpu) from gone where reason is not null
     )
     select ${placingNow}
       from (select count(*) as n from gone) c where n > 0`,
    [host, epoch, gpus.map((one) => one.stamp)],
  );
}

/** These are dirty, and why; answers those for which that is news. */
export async function withholdGpus(
  db: Queryable,
  host: string,
  epoch: string,
  gpus: readonly (WithheldGpu & { readonly reason: string })[],
): Promise<{ gpu: string; reason: string }[]> {
  return many(
    db,
    z.object({ gpu: z.string(), reason: z.string() }),
    `with news as (
       update skeduler.withheld_gpus w set reason = seen.reason
         from skeduler.hosts h, unnest($3::uuid[], $4::text[]) as seen (stamp, reason)
        where w.host = $1 and h.name = $1 and h.epoch = $2 and w.stamp = seen.stamp and w.reason is distinct from seen.reason
       returning w.gpu, w.reason
     ), noted as (
       insert into skeduler.events (host, actor, kind, detail)
         select $1, 'runner', 'gpu_dirty', jsonb_build_object('gpu', gpu, 'reason', reason) from news
     )
     select gpu, reason from news`,
    [host, epoch, gpus.map((one) => one.stamp), gpus.map((one) => one.reason)],
  );
}
