// What placement looks at before it looks at the line: what can never start, what holds the reservation, and the hosts: what each
// has, and the open attempts that hold parts of it. What can change is read each time and small; what cannot (a registration, an
// open attempt's share of its host) is asked for by name, once.

import { z } from "zod";
import { many, one, prepared, type Queryable } from "../pool.ts";
import { problem } from "./placement.ts";
import { resourcesOf } from "./resources.ts";
import { appeared, awaited } from "./restored.ts";

const host = z.object({
  name: z.string(),
  /** Another one with each registration. */
  stamp: z.string(),
  state: z.enum(["active", "cordoned", "draining"]),
  reason: z.string().nullable(),
  problem: z.string().nullable(),
  withheld: z.array(z.object({ gpu: z.string(), reason: z.string().nullable() })),
  /** Ids of its open attempts, each with a "+" once it has started. */
  open: z.string().transform((keys) => keys.split(" ").filter(Boolean)),
});
export type HostNow = z.infer<typeof host>;

const hosts = `select h.name, h.epoch || ' ' || h.registered_at as stamp, h.state, h.state_reason as reason, ${problem} as problem,
          coalesce((select jsonb_agg(jsonb_build_object('gpu', w.gpu, 'reason', w.reason)) from skeduler.withheld_gpus w where w.host = h.name), '[]') as withheld,
          coalesce((select string_agg(case when a.started_at is null then a.id::text else a.id || '+' end, ' ')
                      from skeduler.attempts a where a.host = h.name and a.closed_at is null), '') as open
     from skeduler.hosts h join skeduler.heartbeats b on b.host = h.name where not h.removed`;

// A subquery with a limit, not a join: what is planned while the table is empty must not read it whole once it is full.
const doomed = `select j.id, min(n.name) as name
     from public.jobs j, unnest(j.after) needed, lateral (
       select n.name from public.jobs n
        where n.id = needed and (n.status = 'CANCELLED' or n.status = 'FINISHED' and n.result ->> 'exit_code' is distinct from '0') limit 1) n
    where j.status = 'ENQUEUED' and j.after <> '{}' group by j.id`;

const sight = z.object({
  /** Whether this is not the database that placement saw last. */
  appeared: z.boolean(),
  /** Hosts that are to be heard before anything is placed. */
  awaited: z.array(z.string()),
  /** What waits for an experiment that did not finish with exit code 0, and that one's name. */
  doomed: z.array(z.object({ id: z.string(), name: z.string() })),
  /** Of the reservation. */
  experimentId: z.string().nullable(),
  host: z.string().nullable(),
  hosts: z.array(host),
});
export type Sight = z.infer<typeof sight>;

// One statement: what each round trip costs is a good part of what a look costs.
const looking = prepared(
  "look",
  `select ${appeared} as appeared, ${awaited} as awaited, r.experiment_id::text as "experimentId", r.host,
          coalesce((select json_agg(d) from (${doomed}) d), '[]') as doomed,
          coalesce((select json_agg(h order by h.name) from (${hosts}) h), '[]') as hosts
     from skeduler.installation i, skeduler.reservation r`,
);

/** What a pass of placement has before it, but for the line. */
export async function look(db: Queryable): Promise<Sight> {
  return one(db, sight, looking);
}

const registration = z.object({
  name: z.string(),
  labels: z.array(z.string()),
  slots: z.number(),
  cpus: z.number(),
  memory_bytes: z.string().transform(Number),
  most_cpus: z.number().nullable(),
  most_memory_bytes: z.string().transform(Number).nullable(),
  gpus: z.array(z.object({ uuid: z.string(), index: z.number(), name: z.string(), memoryMiB: z.number() })),
});
export type Registration = z.infer<typeof registration>;

export async function readRegistrations(db: Queryable, names: readonly string[]): Promise<Registration[]> {
  return many(
    db,
    registration,
    `select name, labels, slots, cpus, memory_bytes::text as memory_bytes, most_cpus, most_memory_bytes::text as most_memory_bytes, gpus
       from skeduler.hosts where name = any($1)`,
    [names],
  );
}

const share = z.object({
  id: z.string(),
  owner: z.string(),
  placed_ms: z.number(),
  gpus: z.array(z.string()),
  resources: resourcesOf,
  time_limit: z.string().nullable(),
  /** When its container started; before that, when it was placed. */
  since_ms: z.number(),
  expected_ms: z.number().nullable(),
});
export type Share = z.infer<typeof share>;

const shares = prepared(
  "readShares",
  `select a.id::text as id, coalesce(j.owner, '') as owner, extract(epoch from a.placed_at)::float8 * 1000 as placed_ms, a.gpus, j.resources,
          j.time_limit, extract(epoch from coalesce(a.started_at, a.placed_at))::float8 * 1000 as since_ms,
          extract(epoch from a.expected)::float8 * 1000 as expected_ms
     from skeduler.attempts a join public.jobs j on j.id = a.experiment_id where a.id = any($1::uuid[])`,
);

/** What these attempts hold, and for how long. */
export async function readShares(db: Queryable, attempts: readonly string[]): Promise<Share[]> {
  return many(db, share, shares, [attempts]);
}
