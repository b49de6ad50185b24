// What there is at this moment, in numbers, for those who watch: experiments that wait and run, hosts, GPUs, queue jobs. One
// statement on small tables and partial indexes: what has ended is never counted, so its cost does not grow with the years.

import { z } from "zod";
import { one, type Queryable } from "../pool.ts";
import { problem } from "./placement.ts";

const census = z.object({
  enqueued: z.number(),
  running: z.number(),
  /** Seconds since the experiment that has waited longest was enqueued; 0 where none waits. */
  longest_wait: z.number(),
  hosts: z.array(
    z.object({
      host: z.string(),
      state: z.enum(["active", "cordoned", "draining"]),
      /** Whether it takes nothing by itself: silent, being cleaned up, in trouble. */
      closed: z.boolean(),
      heartbeat_age: z.number(),
      gpus_held: z.number(),
      gpus_withheld: z.number(),
      gpus: z.number(),
    }),
  ),
  jobs_waiting: z.number(),
  /** Queue jobs that failed as often as they may. */
  jobs_failed: z.number(),
});
export type Census = z.output<typeof census>;

export async function takeCensus(db: Queryable): Promise<Census> {
  return one(
    db,
    census,
    `select w.enqueued, w.longest_wait, (select count(*)::int from public.jobs where status = 'RUNNING') as running,
            q.jobs_waiting, q.jobs_failed,
            coalesce((select jsonb_agg(jsonb_build_object('host', h.name, 'state', h.state, 'closed', (${problem}) is not null,
                'heartbeat_age', extract(epoch from clock_timestamp() - b.seen_at),
                'gpus_held', (select count(*) from skeduler.leases l where l.host = h.name),
                'gpus_withheld', (select count(*) from skeduler.withheld_gpus w where w.host = h.name),
                'gpus', jsonb_array_length(h.gpus)) order by h.name)
              from skeduler.hosts h join skeduler.heartbeats b on b.host = h.name where not h.removed), '[]') as hosts
       from (select count(*)::int as enqueued, coalesce(extract(epoch from clock_timestamp() - min(enqueued_at)), 0)::float8 as longest_wait
               from public.jobs where status = 'ENQUEUED') w,
            (select count(*) filter (where attempts < max_attempts)::int as jobs_waiting,
                    count(*) filter (where attempts >= max_attempts)::int as jobs_failed from graphile_worker.jobs) q`,
  );
}
