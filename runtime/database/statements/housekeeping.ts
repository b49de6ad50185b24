// What has to be done now and then: partitions for the days to come, so that a day's logs and metrics can go by dropping a table.

import pg from "pg";
import type { Queryable } from "../pool.ts";

/** How many days have their partition ahead. */
const daysAhead = 7;

/** Metrics first: where a day has logs it has metrics, for both are written in one statement. */
const parents = ["metric_chunks", "log_chunks"] as const;

/** Makes the partitions of today and the days ahead; those that exist stay. Racing processes agree. */
export async function preparePartitions(db: Queryable): Promise<void> {
  const { rows } = await db.query<{ parent: string; day: string; next: string }>(
    `select parent, d::text as day, (d + 1)::text as next
       from generate_series(0, $1::int) ahead, lateral (select current_date + ahead as d) x, unnest($2::text[]) with ordinality p (parent, place)
      where to_regclass('skeduler.' || parent || '_' || to_char(d, 'YYYYMMDD')) is null order by d, place`,
    [daysAhead, parents],
  );
  for (const { parent, day, next } of rows) {
    try {
      await db.query(
        `create table if not exists skeduler.${parent}_${day.replaceAll("-", "")}
           partition of skeduler.${parent} for values from ('${day}') to ('${next}')`,
      );
    } catch (error) {
      // Another process was first.
      if (!(error instanceof pg.DatabaseError && ["42P07", "23505", "42P17"].includes(error.code ?? ""))) throw error;
    }
  }
}

/** Forgets use older than any half-life of fair share still counts: ten of the longest, 24 days. */
export async function expireUsage(db: Queryable): Promise<void> {
  await db.query("delete from skeduler.usage where hour < now() - interval '240 days'");
}
