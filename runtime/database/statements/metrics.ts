// Metrics of experiments: the runner's samples of a whole host in one statement, and series read in few points. What programs print is
// stored with its chunk of log (append-log.ts).

import { z } from "zod";
import { many, type Queryable } from "../pool.ts";
import type { Block } from "../../metrics/block.ts";

export interface SampledBlock {
  readonly attemptId: string;
  readonly block: Block;
}

/**
 * Stores blocks of samples, each under its first sample's time: one that has grown replaces itself, and one whose answer was lost is
 * stored once. Of attempts that are closed or another epoch's nothing is taken.
 */
export async function storeSamples(db: Queryable, epoch: string, blocks: readonly SampledBlock[]): Promise<void> {
  await db.query(
    `insert into skeduler.metric_chunks (day, attempt_id, printed, seq, first_time, last_time, names, times, data)
       select a.day, a.id, false, x.times[1], x.times[1], x.times[cardinality(x.times)], x.names, x.times, x.data
         from jsonb_to_recordset($1::jsonb) as x (id uuid, names text[], times bigint[], data double precision[])
         join skeduler.attempts a on a.id = x.id and a.epoch = $2 and a.closed_at is null
     on conflict (attempt_id, printed, seq, day) do update
       set last_time = excluded.last_time, names = excluded.names, times = excluded.times, data = excluded.data`,
    [
      JSON.stringify(
        blocks.map(({ attemptId, block: { names, times, data } }) => ({ id: attemptId, names, times, data })),
      ),
      epoch,
    ],
  );
}

export interface MetricsQuery {
  readonly from: string | undefined;
  readonly to: string | undefined;
  /** Ms of each point; undefined: so that there are at most 500. */
  readonly step: number | undefined;
  readonly names: readonly string[] | undefined;
}

const seriesRow = z.object({
  step: z.string().transform(Number),
  printed: z.boolean(),
  name: z.string(),
  /** JSON: [[time, mean, least, greatest, step], …]. */
  points: z.string(),
});
export type StoredSeries = z.output<typeof seriesRow>;

/**
 * The series of one attempt by name, those sampled first. A sampled name is followed by "/" and the GPU where it is of one. The day is a
 * literal: as a parameter it would have this planned for all days' partitions.
 */
export async function readMetrics(
  db: Queryable,
  attempt: { readonly id: string; readonly day: string },
  { from, to, step, names }: MetricsQuery,
): Promise<StoredSeries[]> {
  return many(
    db,
    seriesRow,
    `with asked as (
       select (extract(epoch from $2::timestamptz) * 1000)::bigint as low, (extract(epoch from $3::timestamptz) * 1000)::bigint as high
     ), chunks as materialized (
       select c.*, cardinality(c.names) as width from skeduler.metric_chunks c, asked
        where attempt_id = $1 and day = '${attempt.day}'
          and (asked.low is null or last_time >= asked.low) and (asked.high is null or first_time <= asked.high)
     ), span as (
       select greatest(asked.low, least.at) as low, least(asked.high, greatest.at) as high
         from asked, (select min(first_time) as at from chunks) least, (select max(last_time) as at from chunks) greatest
     ), points as (
       select c.printed, c.names[1 + (v.place - 1) % c.width] as name, c.times[1 + (v.place - 1) / c.width] as time,
              c.steps[1 + (v.place - 1) / c.width] as step, v.value
         from chunks c, unnest(c.data) with ordinality v (value, place) where v.value is not null
     ), widths as (
       select low, high, coalesce($4::bigint, greatest(1, ceil((high - low + 1) / 500.0)::bigint)) as width from span
     ), buckets as (
       select printed, name, width, (time - low) / width as bucket, min(time) as time, sum(value) / count(*) as mean,
              min(value) as least, max(value) as greatest, max(step) as step
         from points, widths
        where time between low and high and ($5::text[] is null or case when printed then name else split_part(name, '/', 1) end = any($5))
        group by 1, 2, 3, 4
     )
     select width::text as step, printed, name,
            json_agg(json_build_array(time, mean, least, greatest, step) order by bucket)::text as points
       from buckets group by 1, 2, 3 order by 2, 3`,
    [attempt.id, from ?? null, to ?? null, step ?? null, names ?? null],
  );
}
