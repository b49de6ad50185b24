// Notifications as people see them, and sending again what was given up.

import { z } from "zod";
import type { deliveryStates } from "../../experiment/notify.ts";
import { newestPage, type NewestPage } from "../page.ts";
import { maybeOne, one, type Queryable } from "../pool.ts";
import { notificationJson } from "./notification-json.ts";

export interface NotificationQuery {
  readonly state?: (typeof deliveryStates)[number] | undefined;
  readonly target?: string | undefined;
  readonly experiment?: string | undefined;
  /** Exclusive: the seq of the last one seen. */
  readonly before?: bigint | undefined;
  readonly limit: number;
}

/** `which`: SQL over `n`. */
const notificationsOf = (which: string): string =>
  `select n.seq, ${notificationJson} as body
     from skeduler.notifications n join public.jobs j on j.id = n.experiment_id ${which}`;

/** As JSON text. */
export async function readNotification(db: Queryable, id: string): Promise<string | undefined> {
  const found = await maybeOne(db, z.object({ body: z.string() }), notificationsOf("where n.id = $1"), [id]);
  return found?.body;
}

/** Such texts, the newest first. */
export async function readNotifications(db: Queryable, query: NotificationQuery): Promise<NewestPage> {
  const values: unknown[] = [query.limit];
  const bind = (value: unknown): string => `$${values.push(value)}`;
  const where = [
    query.state !== undefined && `n.state = ${bind(query.state)}`,
    query.target !== undefined && `n.target = ${bind(query.target)}`,
    query.experiment !== undefined && `n.experiment_id = ${bind(query.experiment)}`,
    query.before !== undefined && `n.seq < ${bind(String(query.before))}::bigint`,
  ].filter((clause) => typeof clause === "string");
  const which = where.length > 0 ? `where ${where.join(" and ")}` : "";
  return newestPage(db, { rows: notificationsOf(`${which} order by n.seq desc limit $1`), limit: query.limit, values });
}

/** Sends again, now, what was given up: one, all of a target, or all. Answers how many; those without their target stay. */
export async function resendNotifications(
  db: Queryable,
  which: { readonly id?: string | undefined; readonly target?: string | undefined },
): Promise<number> {
  const row = await one(
    db,
    z.object({ resent: z.number() }),
    `with again as (
       update skeduler.notifications n set state = 'waiting', settled_at = null, due_at = clock_timestamp(), since = clock_timestamp(), tries = 0
         from skeduler.notification_targets t
        where t.name = n.target and n.state = 'failed' and ($1::uuid is null or n.id = $1) and ($2::text is null or n.target = $2)
       returning n.target, t.task
     ), woken as (
       select graphile_worker.add_job(task, json_build_object('target', target), max_attempts := 5) from (select distinct target, task from again) x
     )
     select count(*)::int as resent from again, (select count(*) from woken) w`,
    [which.id ?? null, which.target ?? null],
  );
  return row.resent;
}
