// What waits, as placement reads it: the first few of each kind, however many wait, and how many stand before somebody.
// Requests are of one kind where owner, priority, wishes and time limit are the same (migrations/0011-kinds.sql).

import { z } from "zod";
import { parseDuration, parseSize } from "../../experiment/units.ts";
import type { Crowd } from "../../scheduler/line.ts";
import type { Request } from "../../scheduler/model.ts";
import { many, prepared, type Queryable, type Statement } from "../pool.ts";
import { resourcesOf } from "./resources.ts";

/** As the index jobs_line_index has it, word for word. */
const kindOf = (j: string): string => `coalesce(${j}.owner, ''), (-${j}.priority),
  hashtextextended(coalesce(${j}.time_limit, ''), jsonb_hash_extended(${j}.resources, 0))`;

/**
 * What an experiment that waits for others, or for a later time, is not: in the line. Subqueries of one value, not joins:
 * a plan that joins reads whole kinds before it takes the first few.
 */
const inLine = (
  j: string,
): string => `${j}.status = 'ENQUEUED' and (${j}.not_before is null or ${j}.not_before <= now())
    and (select true from skeduler.attempts a where a.experiment_id = ${j}.id and a.closed_at is null) is null
    and (select true from skeduler.unknown_attempts u where u.experiment_id = ${j}.id and u.discarded_at is null limit 1) is null
    and (${j}.after = '{}' or not exists (
      select from unnest(${j}.after) needed left join public.jobs n on n.id = needed
       where (n.status = 'FINISHED' and n.result ->> 'exit_code' = '0') is not true))`;

const row = z.object({
  kind: z.string(),
  id: z.string(),
  owner: z.string(),
  priority: z.number(),
  enqueued_ms: z.number(),
  seq: z.string().transform(Number),
  resources: resourcesOf,
  time_limit: z.string().nullable(),
});
const columns = `j.id::text as id, coalesce(j.owner, '') as owner, j.priority, extract(epoch from j.enqueued_at)::float8 * 1000 as enqueued_ms,
  j.seq::text as seq, j.resources, j.time_limit`;

/** Of `kinds` (owner, low, hash): those after the first $2 of each, $1 at most. */
const heads = `select to_json(array[k.owner, k.low::text, k.hash::text])::text as kind, head.* from kinds k, lateral (
    select ${columns} from public.jobs j
     where (${kindOf("j")}) = (k.owner, k.low, k.hash) and ${inLine("j")}
     order by j.enqueued_at, j.seq limit $1 offset $2) head`;

/** Requests of one kind, by age. */
export interface Kind {
  readonly key: string;
  readonly requests: Request[];
}

const everyKind = prepared(
  "readKinds",
  `with recursive kinds (owner, low, hash) as (
     (select ${kindOf("j")} from public.jobs j where j.status = 'ENQUEUED' order by 1, 2, 3 limit 1)
     union all
     select n.* from kinds k, lateral (
       select ${kindOf("j")} from public.jobs j
        where j.status = 'ENQUEUED' and (${kindOf("j")}) > (k.owner, k.low, k.hash) order by 1, 2, 3 limit 1) n
   ) ${heads}`,
);

/** The first `limit` of every kind that waits. A step from kind to kind is one look into the index. */
export async function readKinds(db: Queryable, limit: number): Promise<Kind[]> {
  return grouped(db, everyKind, [limit, 0]);
}

/** And what of one kind stands behind the first `offset`. */
export async function readMore(
  db: Queryable,
  key: string,
  { limit, offset }: { readonly limit: number; readonly offset: number },
): Promise<Kind[]> {
  return grouped(
    db,
    `with kinds as (
       select k ->> 0 as owner, (k ->> 1)::integer as low, (k ->> 2)::bigint as hash from (select $3::json as k) key
     ) ${heads}`,
    [limit, offset, key],
  );
}

const oneRequest = prepared(
  "readRequest",
  `select '' as kind, ${columns} from public.jobs j where j.id = $1 and ${inLine("j")}`,
);

/** One that stands in the line. */
export async function readRequest(db: Queryable, id: string): Promise<Request | undefined> {
  const [found] = await many(db, row, oneRequest, [id]);
  return found && requestOf(found);
}

async function grouped(db: Queryable, statement: Statement, values: unknown[]): Promise<Kind[]> {
  const kinds = new Map<string, Kind>();
  for (const one of await many(db, row, statement, values)) {
    const kind = kinds.get(one.kind) ?? { key: one.kind, requests: [] };
    kind.requests.push(requestOf(one));
    kinds.set(kind.key, kind);
  }
  return [...kinds.values()];
}

function requestOf({ id, owner, priority, enqueued_ms, seq, resources, time_limit }: z.output<typeof row>): Request {
  const bytes = (size: string | undefined): number | undefined => (size === undefined ? undefined : parseSize(size));
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
    timeLimit: time_limit === null ? undefined : parseDuration(time_limit),
  };
}

/** All that stand in the line at `now`, and which of them came before `id`. `ageing`, ms: so long a wait makes another crowd. */
export async function readCrowds(
  db: Queryable,
  id: string,
  { now, ageing }: { readonly now: number; readonly ageing: number | undefined },
): Promise<readonly Crowd[]> {
  return many(
    db,
    z.object({
      owner: z.string(),
      priority: z.number(),
      count: z.number(),
      older: z.number(),
      enqueuedAt: z.number(),
    }),
    `select owner, priority, count(*)::int as count, count(*) filter (where older)::int as older, min(at) as "enqueuedAt"
       from (select coalesce(j.owner, '') as owner, j.priority, extract(epoch from j.enqueued_at)::float8 * 1000 as at,
                    (j.enqueued_at, j.seq) < (me.enqueued_at, me.seq) as older
               from public.jobs j, (select enqueued_at, seq from public.jobs where id = $1) me where ${inLine("j")}) line
      group by owner, priority, case when $2::float8 is null then 0 else floor(($3 - at) / $2) end`,
    [id, ageing ?? null, now],
  );
}
