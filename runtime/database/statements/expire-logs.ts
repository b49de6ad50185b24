// Which days of logs are over, and their end: marked first, so that who reads is told, then detached and dropped, which
// gives the space back at once. A crash between is taken up by the next look: what is marked goes.

import { z } from "zod";
import { many, maybeOne, type Client, type Queryable } from "../pool.ts";

/** Nobody who writes waits longer for a day to be taken off, ms; the next look tries again. */
const lockTimeout = 5_000;

const dayOfLogs = z.object({
  day: z.string(),
  bytes: z.string().transform(Number),
  state: z.enum(["attached", "detaching", "detached"]),
  /** No attempt of that day is open. */
  ended: z.boolean(),
  /** Ms since the last of them was closed (or since the day). */
  age: z.number(),
  /** No log of that day is to be read any more. */
  marked: z.boolean(),
});
export type DayOfLogs = z.output<typeof dayOfLogs>;

const partitionState =
  "case when i.inhdetachpending then 'detaching' when i.inhrelid is null then 'detached' else 'attached' end";

/** The days before today for which there are logs, oldest first; and what all logs take, bytes. */
export async function readDaysOfLogs(db: Queryable): Promise<{ readonly days: DayOfLogs[]; readonly bytes: number }> {
  const days = await many(
    db,
    dayOfLogs.extend({ past: z.boolean() }),
    `select d.day::text as day, pg_total_relation_size(d.oid)::text as bytes, d.day < current_date as past,
            ${partitionState} as state,
            a.open = 0 as ended, a.unmarked = 0 as marked,
            (extract(epoch from now() - coalesce(a.last, d.day + 1)) * 1000)::float8 as age
       from (select oid, to_date(substring(relname from '^log_chunks_(\\d{8})$'), 'YYYYMMDD') as day
               from pg_class where relnamespace = 'skeduler'::regnamespace and relkind = 'r' and relname ~ '^log_chunks_\\d{8}$') d
       left join pg_inherits i on i.inhrelid = d.oid,
       lateral (select count(*) filter (where closed_at is null) as open, max(closed_at) as last,
                       count(*) filter (where log_expired_at is null) as unmarked
                  from skeduler.attempts where attempts.day = d.day) a
      order by d.day`,
  );
  return { days: days.filter((day) => day.past), bytes: days.reduce((sum, day) => sum + day.bytes, 0) };
}

/** From here on the day's logs say that they expired. False where an attempt of it is open after all. */
export async function markExpired(db: Queryable, day: string): Promise<boolean> {
  const { rows } = await db.query<{ open: boolean }>(
    `with state as (select exists (select from skeduler.attempts where day = $1::date and closed_at is null) as open),
     marked as (
       update skeduler.attempts set log_expired_at = now() where day = $1::date and log_expired_at is null and not (select open from state)
     ), noted as (
       insert into skeduler.events (actor, kind, detail)
         select 'housekeeping', 'logs_expired', jsonb_build_object('day', $1::text) from state where not open
     )
     select open from state`,
    [day],
  );
  return rows[0]?.open === false;
}

const standing = z.object({ state: z.enum(["attached", "detaching", "detached"]) });

/** Takes the day's tables away, the logs' last. Throws where one is in use for too long (55P03): what is begun is ended by the next call. */
export async function dropDay(client: Client, { day }: DayOfLogs): Promise<void> {
  await client.query(`set lock_timeout = ${lockTimeout}`);
  try {
    for (const parent of ["metric_chunks", "log_chunks"]) {
      const table = `skeduler.${parent}_${day.replaceAll("-", "")}`;
      const found = await maybeOne(
        client,
        standing,
        `select ${partitionState} as state from pg_class c left join pg_inherits i on i.inhrelid = c.oid where c.oid = to_regclass($1)`,
        [table],
      );
      if (found === undefined) continue;
      if (found.state !== "detached")
        await client.query(
          `alter table skeduler.${parent} detach partition ${table} ${found.state === "detaching" ? "finalize" : "concurrently"}`,
        );
      await client.query(`drop table ${table}`);
    }
  } finally {
    await client.query("reset lock_timeout");
  }
}
