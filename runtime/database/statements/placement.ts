// What placement reads and writes. `assign` compares and sets: an experiment that is not ENQUEUED any more, or whose last
// attempt is still open, is left alone; a GPU that is leased makes the whole transaction fail on the primary key.

import { z } from "zod";
import type { Resources } from "../../experiment/schema.ts";
import { parseDuration, parseSize } from "../../experiment/units.ts";
import type { Assignment, Host, Request, Reservation } from "../../scheduler/model.ts";
import { many, one, type Queryable } from "../pool.ts";

/** An arbitrary constant: the lock under which one process at a time places. */
const placementLock = "8315168192217801075";

/** A host silent for longer gets nothing. */
export const silentAfterSeconds = 30;

/** Why the host `h` with the heartbeat `b` takes nothing by itself, in words that follow its name; null: it does. */
export const problem = `case
  when b.seen_at < clock_timestamp() - make_interval(secs => ${silentAfterSeconds})
    then 'has been silent for ' || round(extract(epoch from clock_timestamp() - b.seen_at)) || ' s'
  when h.lost_at is not null then 'was lost and is cleaning up'
  when not h.clean then 'is starting: what runs there is compared with what should'
  else h.trouble end`;

/** Waits for whoever places now. Waiting, not trying: who held the lock may have read before our caller's commit. */
export async function lockPlacement(db: Queryable): Promise<void> {
  await db.query("select pg_advisory_xact_lock($1::bigint)", [placementLock]);
}

// Rows, of an adopted database too, may hold what today's schema refuses: such a wish is left out, not an error.
const resourcesOf = z
  .unknown()
  .transform((value) => (typeof value === "object" && value !== null ? value : {}) as Resources);

const bytes = (size: string | undefined): number | undefined => (size === undefined ? undefined : parseSize(size));

const hostRow = z.object({
  name: z.string(),
  slots: z.number(),
  cpus: z.number(),
  memory_bytes: z.string().transform(Number),
  gpus: z.array(z.object({ uuid: z.string(), index: z.number(), name: z.string(), memoryMiB: z.number() })),
  labels: z.array(z.string()),
  state: z.enum(["active", "cordoned", "draining"]),
  reason: z.string().nullable(),
  problem: z.string().nullable(),
  withheld: z.array(z.object({ gpu: z.string(), reason: z.string().nullable() })),
  open: z.array(
    z.object({
      owner: z.string(),
      placed_ms: z.number(),
      gpus: z.array(z.string()),
      resources: resourcesOf,
      time_limit: z.string().nullable(),
      since_ms: z.number(),
      expected_ms: z.number().nullable(),
    }),
  ),
});

/** Every host with what it holds. `defaultExpected`, ms, stands in for a time limit that was not given. */
export async function readHosts(db: Queryable, defaultExpected: number): Promise<Host[]> {
  const rows = await many(
    db,
    hostRow,
    `select h.name, h.slots, h.cpus, h.memory_bytes::text as memory_bytes, h.gpus,
            h.labels, h.state, h.state_reason as reason, ${problem} as problem,
            coalesce((select jsonb_agg(jsonb_build_object('gpu', w.gpu, 'reason', w.reason)) from skeduler.withheld_gpus w where w.host = h.name), '[]') as withheld,
            coalesce((select jsonb_agg(jsonb_build_object('gpus', a.gpus, 'owner', coalesce(j.owner, ''), 'placed_ms', extract(epoch from a.placed_at) * 1000, 'resources', j.resources, 'time_limit', j.time_limit,
                        'since_ms', extract(epoch from coalesce(a.started_at, a.placed_at)) * 1000, 'expected_ms', extract(epoch from a.expected) * 1000))
                        from skeduler.attempts a join public.jobs j on j.id = a.experiment_id
                       where a.host = h.name and a.closed_at is null), '[]') as open
       from skeduler.hosts h join skeduler.heartbeats b on b.host = h.name where not h.removed order by h.name`,
  );
  return rows.map((row) => ({
    name: row.name,
    labels: row.labels,
    slots: row.slots,
    cpus: row.cpus,
    memoryBytes: row.memory_bytes,
    gpus: row.gpus
      .toSorted((a, b) => a.index - b.index)
      .map((gpu) => ({ uuid: gpu.uuid, model: gpu.name, memoryBytes: gpu.memoryMiB * 1024 ** 2 })),
    withheld: row.withheld.filter((one) => one.reason !== null).map((one) => one.gpu),
    checking: row.withheld.filter((one) => one.reason === null).map((one) => one.gpu),
    holdings: row.open.map((one) => ({
      owner: one.owner,
      since: one.placed_ms,
      certain: one.time_limit !== null,
      gpus: one.gpus,
      cpus: one.resources.cpus ?? 0,
      memoryBytes: bytes(one.resources.memory) ?? 0,
      endsAt: one.since_ms + (limitOf(one.time_limit) ?? one.expected_ms ?? defaultExpected),
    })),
    closed: closedBecause(row),
  }));
}

function limitOf(timeLimit: string | null): number | undefined {
  return timeLimit === null ? undefined : parseDuration(timeLimit);
}

function closedBecause({ state, reason, problem }: z.output<typeof hostRow>): string | undefined {
  if (state !== "active") return `is ${state}${reason === null ? "" : `: ${reason}`}`;
  return problem ?? undefined;
}

const waitingRow = z.object({
  id: z.string(),
  owner: z.string(),
  priority: z.number(),
  enqueued_ms: z.number(),
  seq: z.string().transform(Number),
  resources: resourcesOf,
  time_limit: z.string().nullable(),
});
const waitingColumns = `j.id::text as id, coalesce(j.owner, '') as owner, j.priority, extract(epoch from j.enqueued_at)::float8 * 1000 as enqueued_ms,
  j.seq::text as seq, j.resources, j.time_limit`;

/** What an experiment that waits for others, or for a later time, is not: in the line. */
const inLine = (
  j: string,
): string => `${j}.status = 'ENQUEUED' and (${j}.not_before is null or ${j}.not_before <= now())
    and not exists (select from skeduler.attempts a where a.experiment_id = ${j}.id and a.closed_at is null)
    and (${j}.after = '{}' or not exists (
      select from unnest(${j}.after) needed left join public.jobs n on n.id = needed
       where (n.status = 'FINISHED' and n.result ->> 'exit_code' = '0') is not true))`;

/** Cancels what waits for an experiment that did not finish with exit code 0; their ids. */
export async function cancelDependants(db: Queryable): Promise<string[]> {
  const rows = await many(
    db,
    z.object({ id: z.string() }),
    `with doomed as (
       select j.id, min(n.name) as name from public.jobs j, unnest(j.after) needed join public.jobs n on n.id = needed
        where j.status = 'ENQUEUED' and j.after <> '{}'
          and (n.status = 'CANCELLED' or n.status = 'FINISHED' and n.result ->> 'exit_code' is distinct from '0')
        group by j.id
     ), cancelled as (
       update public.jobs j set status = 'CANCELLED', updated_at = clock_timestamp(), ended_at = clock_timestamp(), not_before = null,
              result = jsonb_build_object('reason', 'dependency', 'exit_code', null, 'signal', null,
                'message', 'Never started: "' || d.name || '", which it comes after, did not finish with exit code 0.')
         from doomed d where j.id = d.id and j.status = 'ENQUEUED' returning j.id
     ), noted as (
       insert into skeduler.events (experiment_id, actor, kind) select id, 'placement', 'cancelled' from cancelled
     )
     select id::text as id from cancelled`,
  );
  return rows.map((row) => row.id);
}

/** The line: experiments that can be placed, in order, `offset` of them left out. */
export async function readWaiting(
  db: Queryable,
  { offset, limit }: { readonly offset: number; readonly limit: number },
): Promise<Request[]> {
  const rows = await many(
    db,
    waitingRow,
    `select ${waitingColumns} from public.jobs j
      where ${inLine("j")}
      order by j.priority desc, j.enqueued_at, j.seq limit $1 offset $2`,
    [limit, offset],
  );
  return rows.map(requestOf);
}

/** The first `limit` of each owner and priority: for orders other than the line's own. */
export async function readHeads(db: Queryable, limit: number): Promise<Request[]> {
  const rows = await many(
    db,
    waitingRow,
    `with recursive classes (owner, priority) as (
       (select coalesce(owner, ''), priority from public.jobs where status = 'ENQUEUED' order by coalesce(owner, ''), priority desc limit 1)
       union all
       select n.owner, n.priority from classes c, lateral (
         (select c.owner, j.priority from public.jobs j
           where j.status = 'ENQUEUED' and coalesce(j.owner, '') = c.owner and j.priority < c.priority order by j.priority desc limit 1)
         union all
         (select coalesce(j.owner, ''), j.priority from public.jobs j
           where j.status = 'ENQUEUED' and coalesce(j.owner, '') > c.owner order by coalesce(j.owner, ''), j.priority desc limit 1)
         limit 1) n
     )
     select head.* from classes c, lateral (
       select ${waitingColumns} from public.jobs j
        where coalesce(j.owner, '') = c.owner and j.priority = c.priority and ${inLine("j")}
        order by j.enqueued_at, j.seq limit $1) head
      order by head.priority desc, head.enqueued_ms, head.seq::bigint`,
    [limit],
  );
  return rows.map(requestOf);
}

/** GPU-hours of each owner's ended attempts, decayed by the hour with this half-life, ms. */
export async function readUsage(db: Queryable, halfLife: number): Promise<Map<string, number>> {
  const rows = await many(
    db,
    z.object({ owner: z.string(), gpu_hours: z.number() }),
    `select owner, sum(gpu_hours * power(0.5, extract(epoch from now() - hour)::float8 / $1))::float8 as gpu_hours
       from skeduler.usage where hour > now() - make_interval(secs => 10 * $1) group by owner`,
    [halfLife / 1000],
  );
  return new Map(rows.map((row) => [row.owner, row.gpu_hours]));
}

function requestOf({
  id,
  owner,
  priority,
  enqueued_ms,
  seq,
  resources,
  time_limit,
}: z.output<typeof waitingRow>): Request {
  return {
    id,
    owner,
    priority,
    enqueuedAt: enqueued_ms,
    seq,
    gpus: resources.gpus,
    gpuModel: resources.gpu_model,
    gpuMemoryBytes: bytes(resources.gpu_memory),
    cpus: resources.cpus,
    memoryBytes: bytes(resources.memory),
    hosts: typeof resources.host === "string" ? [resources.host] : (resources.host ?? []),
    timeLimit: limitOf(time_limit),
  };
}

const held = z.object({ experimentId: z.string().nullable(), host: z.string().nullable() });
export type Held = Pick<Reservation, "experimentId" | "host">;

/** Who holds the reservation, and where. */
export async function readReservation(db: Queryable): Promise<Held | undefined> {
  const { experimentId, host } = await one(
    db,
    held,
    'select experiment_id::text as "experimentId", host from skeduler.reservation',
  );
  return experimentId === null || host === null ? undefined : { experimentId, host };
}

export async function keepReservation(db: Queryable, reservation: Held | undefined): Promise<void> {
  await db.query("update skeduler.reservation set experiment_id = $1, host = $2", [
    reservation?.experimentId ?? null,
    reservation?.host ?? null,
  ]);
}

const standing = z.object({
  status: z.enum(["ENQUEUED", "RUNNING", "FINISHED", "CANCELLED"]),
  host: z.string().nullable(),
  stopping_on: z.string().nullable(),
  not_before: z.string().nullable(),
  waits_for: z.string().nullable(),
  ahead: z.string().transform(Number),
});
export type Standing = z.infer<typeof standing>;

/** Where an experiment stands in the line; undefined where there is no such experiment. */
export async function readStanding(db: Queryable, id: string): Promise<Standing | undefined> {
  const [row] = await many(
    db,
    standing,
    `select me.status::text as status, me.host,
            (select a.host from skeduler.attempts a where a.experiment_id = me.id and a.closed_at is null) as stopping_on,
            case when me.not_before > now() then to_char(me.not_before at time zone 'UTC', 'HH24:MI:SS') end as not_before,
            (select string_agg(coalesce(n.name, needed::text), ', ' order by n.name) from unnest(me.after) needed left join public.jobs n on n.id = needed
              where (n.status = 'FINISHED' and n.result ->> 'exit_code' = '0') is not true) as waits_for,
            case when me.status <> 'ENQUEUED' then 0 else
              (select count(*) from public.jobs j where ${inLine("j")}
                  and (-j.priority, j.enqueued_at, j.seq) < (-me.priority, me.enqueued_at, me.seq)) end::text as ahead
       from public.jobs me where me.id = $1`,
    [id],
  );
  return row;
}
/** Makes the assignments true; answers the experiments that were placed. */
export async function assign(db: Queryable, assignments: readonly Assignment[]): Promise<string[]> {
  const rows = await many(
    db,
    z.object({ id: z.string(), job: z.unknown() }),
    `with asked as (
       select (x ->> 'experimentId')::uuid as id, x ->> 'host' as host, array(select jsonb_array_elements_text(x -> 'gpus')) as gpus
         from jsonb_array_elements($1::jsonb) x
     ), running as (
       update public.jobs j
          set status = 'RUNNING', attempt = j.attempt + 1, host = q.host, updated_at = clock_timestamp(),
              started_at = null, ended_at = null, result = null
         from asked q where j.id = q.id and j.status = 'ENQUEUED'
       returning j.id, j.name, j.attempt, q.host, q.gpus
     ), opened as (
       insert into skeduler.attempts (experiment_id, number, host, epoch, gpus, expected)
         select r.id, r.attempt, r.host, h.epoch, r.gpus,
                (select percentile_disc(0.5) within group (order by took) from (
                   select p.ended_at - p.started_at as took from public.jobs p
                    where p.name = r.name and p.status = 'FINISHED' order by p.ended_at desc limit 5) past)
           from running r join skeduler.hosts h on h.name = r.host
       returning id, experiment_id, host, gpus
     ), leased as (
       insert into skeduler.leases (host, gpu, attempt_id) select host, unnest(gpus), id from opened
     ), noted as (
       insert into skeduler.events (experiment_id, attempt_id, host, actor, kind)
         select experiment_id, id, host, 'placement', 'placed' from opened
     )
     select experiment_id::text as id, graphile_worker.add_job('start-experiment/' || host,
              json_build_object('attempt', id), job_key := 'start-experiment/' || id, max_attempts := 5) is not null as job
       from opened`,
    [JSON.stringify(assignments)],
  );
  return rows.map((row) => row.id);
}
