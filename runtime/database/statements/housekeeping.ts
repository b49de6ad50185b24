// What has to be done now and then: partitions for the days to come, so that a day's logs can go by dropping one table.

import pg from "pg";
import type { Queryable } from "../pool.ts";

/** How many days have their partition ahead. */
const daysAhead = 7;

/** Makes the partitions of today and the days ahead; those that exist stay. Racing processes agree. */
export async function preparePartitions(db: Queryable): Promise<void> {
  const { rows } = await db.query<{ day: string; next: string }>(
    `select d::text as day, (d + 1)::text as next from generate_series(0, $1::int) ahead, lateral (select current_date + ahead as d) x
      where to_regclass('skeduler.log_chunks_' || to_char(d, 'YYYYMMDD')) is null`,
    [daysAhead],
  );
  for (const row of rows) {
    try {
      await db.query(
        `create table if not exists skeduler.log_chunks_${row.day.replaceAll("-", "")}
           partition of skeduler.log_chunks for values from ('${row.day}') to ('${row.next}')`,
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
