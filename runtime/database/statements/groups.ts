// Groups: the experiments of one sweep, counted, listed and cancelled as one.

import { z } from "zod";
import { statuses } from "../../experiment/states.ts";
import { newestPage, type NewestPage } from "../page.ts";
import { many, maybeOne, type Queryable } from "../pool.ts";
import { rfc3339 } from "../rfc3339.ts";

export interface NewGroup {
  readonly id: string;
  readonly name: string;
  /** JSON, as it was written. */
  readonly matrix: string;
  readonly owner: string;
}

export async function createGroup(db: Queryable, group: NewGroup): Promise<void> {
  await db.query("insert into skeduler.groups (id, name, matrix, owner) values ($1, $2, $3, $4)", [
    group.id,
    group.name,
    group.matrix,
    group.owner,
  ]);
}

/** `which`: SQL over `g`. */
const groupsOf = (which: string): string => `
  select g.seq, c.open = 0 as ended, json_build_object(
      'id', g.id, 'name', g.name, 'matrix', g.matrix, 'owner', g.owner,
      'created_at', ${rfc3339("g.created_at")},
      'experiments', c."all", 'counts', c.by_status, 'failed', c.failed, 'ended', c.open = 0)::text as body
     from (select * from skeduler.groups g where ${which}) g, lateral (
       select count(*) as "all", count(*) filter (where j.status in ('ENQUEUED', 'RUNNING')) as open,
              count(*) filter (where j.status = 'FINISHED' and j.result ->> 'exit_code' is distinct from '0') as failed,
              json_build_object(${statuses.map((one) => `'${one}', count(*) filter (where j.status = '${one}')`).join(", ")}) as by_status
         from public.jobs j where j.group_id = g.id) c
    order by g.seq desc`;

/** As JSON text: what it was made of, and how many of its experiments are in which state. */
export async function readGroup(db: Queryable, id: string): Promise<{ body: string; ended: boolean } | undefined> {
  return maybeOne(db, z.object({ body: z.string(), ended: z.boolean() }), groupsOf("g.id = $1"), [id]);
}

export interface GroupQuery {
  /** Exclusive: the seq of the last one seen. */
  readonly before: bigint | undefined;
  readonly limit: number;
  readonly name?: string | undefined;
  /** The beginning of an id. */
  readonly id_prefix?: string | undefined;
}

/** Such texts, newest first. */
export async function readGroups(db: Queryable, { before, limit, name, id_prefix }: GroupQuery): Promise<NewestPage> {
  const rows = groupsOf(
    `($1::bigint is null or g.seq < $1) and ($3::text is null or g.name = $3) and starts_with(g.id::text, $4)
      order by g.seq desc limit $2`,
  );
  return newestPage(db, { rows, limit, values: [before?.toString() ?? null, limit, name, id_prefix ?? ""] });
}

/** Cancels what waits and what runs of a group; answers those experiments. One stop-experiment per host. */
export async function cancelGroup(db: Queryable, id: string, by: string): Promise<string[]> {
  const rows = await many(
    db,
    z.object({ id: z.string() }),
    `with locked as (
       select j.id, j.status, j.host from public.jobs j
        where j.group_id = $1 and j.status in ('ENQUEUED', 'RUNNING') order by j.seq for update
     ), cancelled as (
       update public.jobs j set status = 'CANCELLED', updated_at = clock_timestamp(), ended_at = clock_timestamp(), not_before = null,
              result = jsonb_build_object('reason', 'user', 'exit_code', null, 'signal', null, 'message',
                'Cancelled with its group by ' || $2 || case l.status when 'ENQUEUED' then ' while it waited.' else ' while it ran.' end)
         from locked l where j.id = l.id returning j.id
     ), noted as (
       insert into skeduler.events (experiment_id, actor, kind) select id, $2, 'cancelled' from cancelled
     ), stops as (
       select graphile_worker.add_job('stop-experiment/' || host, json_build_object('group', $1::uuid),
                job_key := 'stop-group/' || host || '/' || $1::text, max_attempts := 5)
         from (select distinct host from locked where status = 'RUNNING') h
     )
     select id::text as id from cancelled, (select count(*) from stops) s`,
    [id, by],
  );
  return rows.map((one) => one.id);
}
