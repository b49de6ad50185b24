// What has to be done now and then: partitions for the days to come, so that a day's logs and metrics can go by dropping a table.

import pg from "pg";
import { z } from "zod";
import { one, type Queryable } from "../pool.ts";

/** How many days have their partition ahead. */
const daysAhead = 7;

/** Metrics first: where a day has logs it has metrics, for both are written in one statement. */
const parents = ["metric_chunks", "log_chunks"] as const;

/** A partition waits for its parent no longer: what is in its way (a vacuum, another migrator) is over in a moment, or the next look finds it over. */
const lockTimeout = "2s";

/**
 * Makes the partitions of today and the days ahead; those that exist stay. Each is made alone and then
 * attached: `create table … partition of` would wait for whoever reads the parent (a dump does so for hours), and everybody who reads
 * or writes logs would wait behind it. Both are one transaction, so a table is never left unattached. Racing processes come one after
 * the other, by the lock that attaching takes anyway: two that made one table at once could fail at any of its catalog entries.
 */
export async function preparePartitions(db: Queryable): Promise<void> {
  const { rows } = await db.query<{ parent: string; day: string; next: string }>(
    `select parent, d::text as day, (d + 1)::text as next
       from generate_series(0, $1::int) ahead, lateral (select current_date + ahead as d) x, unnest($2::text[]) with ordinality p (parent, place)
      where to_regclass('skeduler.' || parent || '_' || to_char(d, 'YYYYMMDD')) is null order by d, place`,
    [daysAhead, parents],
  );
  for (const { parent, day, next } of rows) {
    try {
      const table = `skeduler.${parent}_${day.replaceAll("-", "")}`;
      await db.query(
        `set local lock_timeout = '${lockTimeout}';
         lock table skeduler.${parent} in share update exclusive mode;
         create table ${table} (like skeduler.${parent} including defaults including constraints including storage);
         alter table skeduler.${parent} attach partition ${table} for values from ('${day}') to ('${next}')`,
      );
    } catch (error) {
      const another = error instanceof pg.DatabaseError && error.code === "42P07"; // duplicate_table: another process was first
      if (!another) throw error;
    }
  }
}

/** Whether what is placed today has where to write its logs and metrics. */
export async function isTodayPrepared(db: Queryable): Promise<boolean> {
  const { prepared } = await one(
    db,
    z.object({ prepared: z.boolean() }),
    `select bool_and(to_regclass('skeduler.' || parent || '_' || to_char(current_date, 'YYYYMMDD')) is not null) as prepared
       from unnest($1::text[]) parent`,
    [parents],
  );
  return prepared;
}

/** Forgets use older than any half-life of fair share still counts: ten of the longest, 24 days. */
export async function expireUsage(db: Queryable): Promise<void> {
  await db.query("delete from skeduler.usage where hour < now() - interval '240 days'");
}
