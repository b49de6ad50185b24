// What has to be done now and then: partitions for the days to come, so that a day's logs can go by dropping one table.

import pg from "pg";
import type { Queryable } from "../pool.ts";

/** How many days have their partition ahead. */
const daysAhead = 7;

/** Makes the partitions of today and the days ahead; those that exist stay. Racing processes agree. */
export async function preparePartitions(db: Queryable): Promise<void> {
  for (let ahead = 0; ahead <= daysAhead; ahead += 1) {
    const { rows } = await db.query<{ day: string; next: string; missing: boolean }>(
      `select d::text as day, (d + 1)::text as next,
              to_regclass('skeduler.log_chunks_' || to_char(d, 'YYYYMMDD')) is null as missing
         from (select current_date + $1::int as d) x`,
      [ahead],
    );
    const [row] = rows;
    if (row?.missing !== true) continue;
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
