// Hosts as people see them and change them, and those that went silent for too long.

import { z } from "zod";
import { retries, retryDelay } from "../../experiment/retries.ts";
import type { Result } from "../../experiment/states.ts";
import { many, maybeOne, prepared, transaction, type Pool, type Queryable } from "../pool.ts";
import { rfc3339 } from "../rfc3339.ts";
import { placingNow, problem, silentAfterSeconds } from "./placement.ts";
import { lockHost } from "./registration.ts";
import { closeAttempt } from "./runner.ts";

export const hostStates = ["active", "cordoned", "draining"] as const;
export type HostState = (typeof hostStates)[number];

const hostRow = z.object({ name: z.string(), host: z.string() });

/** Hosts by name, as JSON text: what each has, who holds what, whether it lives. */
export async function readHostsJson(db: Queryable, name?: string): Promise<string[]> {
  const rows = await many(
    db,
    hostRow,
    `select h.name, json_build_object(
       'name', h.name,
       'state', case when h.state = 'active' and (h.lost_at is not null or b.seen_at < clock_timestamp() - make_interval(secs => ${silentAfterSeconds}))
                  then 'lost' else h.state end,
       'problem', ${problem},
       'reason', h.state_reason, 'changed_by', h.state_by, 'changed_at', ${rfc3339("h.state_at")},
       'heartbeat_age', round(extract(epoch from clock_timestamp() - b.seen_at)::numeric, 1),
       'registered_at', ${rfc3339("h.registered_at")}, 'version', h.version, 'labels', h.labels,
       'load', b.load, 'slots', h.slots, 'cpus', h.cpus, 'memory', h.memory_bytes, 'max_cpus', h.most_cpus, 'max_memory', h.most_memory_bytes,
       'restored', (select json_build_object('at', ${rfc3339("h.restored_at")}, 'unknown', json_agg(json_build_object(
                     'attempt', u.id, 'experiment', u.experiment_id, 'number', u.number, 'name', u.spec ->> 'name', 'image', u.spec ->> 'image',
                     'running', u.running, 'result', u.result) order by u.experiment_id, u.number))
                      from skeduler.unknown_attempts u where u.host = h.name and u.discarded_at is null having count(*) > 0),
       'running', (select count(*) from skeduler.attempts a where a.host = h.name and a.closed_at is null),
       'gpus', coalesce((select json_agg(json_build_object('uuid', g ->> 'uuid', 'index', g -> 'index', 'model', g ->> 'name',
                   'memory', (g ->> 'memoryMiB')::bigint * 1048576, 'experiment', a.experiment_id, 'attempt', a.number,
                   'withheld', case when w.gpu is not null then coalesce(w.reason, 'is being checked') end, 'withheld_since', ${rfc3339("w.since")})
                   order by (g ->> 'index')::int)
                 from jsonb_array_elements(h.gpus) g
                 left join skeduler.leases l on l.host = h.name and l.gpu = g ->> 'uuid'
                 left join skeduler.attempts a on a.id = l.attempt_id
                 left join skeduler.withheld_gpus w on w.host = h.name and w.gpu = g ->> 'uuid'), '[]'))::text as host
       from skeduler.hosts h join skeduler.heartbeats b on b.host = h.name
      where not h.removed and ($1::text is null or h.name = $1) order by h.name`,
    [name ?? null],
  );
  return rows.map((row) => row.host);
}

/** False where there is no such host. */
export async function changeHost(
  db: Queryable,
  change: {
    readonly name: string;
    readonly state: HostState;
    readonly reason: string | undefined;
    readonly by: string;
  },
): Promise<boolean> {
  const { rowCount } = await db.query(
    `with changed as (
       update skeduler.hosts set state = $2, state_reason = $3, state_by = $4, state_at = clock_timestamp() where name = $1 and not removed returning name
     ), noted as (
       insert into skeduler.events (host, actor, kind, detail)
         select name, $4, $2, jsonb_build_object('reason', $3::text) from changed
     ), placement as (
       select ${placingNow} from changed
     )
     select from changed, (select count(*) from placement) p`,
    [change.name, change.state, change.reason ?? null, change.by],
  );
  return rowCount === 1;
}

const removal = z.object({ open: z.string().transform(Number), alive: z.boolean() });

/** Takes a host off the list; refused while it lives or anything is open there. Undefined: no such host. */
export async function removeHost(
  pool: Pool,
  name: string,
  by: string,
): Promise<{ readonly open: number; readonly alive: boolean } | undefined> {
  return transaction(pool, async (db) => {
    await lockHost(db, name);
    const found = await maybeOne(
      db,
      removal,
      `select (select count(*) from skeduler.attempts a where a.host = h.name and a.closed_at is null)::text as open,
              b.seen_at > clock_timestamp() - make_interval(secs => $2) as alive
         from skeduler.hosts h join skeduler.heartbeats b on b.host = h.name where h.name = $1 and not h.removed`,
      [name, silentAfterSeconds],
    );
    if (found === undefined || found.open > 0 || found.alive) return found;
    await db.query("update skeduler.hosts set removed = true where name = $1", [name]);
    await db.query("insert into skeduler.events (host, actor, kind) values ($1, $2, 'removed')", [name, by]);
    return found;
  });
}

const lostAttempt = z.object({
  id: z.string(),
  experiment_id: z.string(),
  epoch: z.string(),
  host: z.string(),
  silent: z.number(),
  retries: z.unknown().transform((value) => retries.safeParse(value).data ?? null),
  retried: z.number(),
});

/** A look at the heartbeats that comes later than this after the last one leaves a gap, s: see skeduler.watch. */
const gapSeconds = 20;

const setBack = prepared(
  "setBackHeartbeats",
  "update skeduler.heartbeats set seen_at = clock_timestamp() where seen_at > clock_timestamp() + interval '5 s'",
);
const watching = prepared(
  "watchHosts",
  `update skeduler.watch set seen_at = clock_timestamp(),
          since = case when seen_at < clock_timestamp() - make_interval(secs => $1) then clock_timestamp() else least(since, clock_timestamp()) end
   returning since < clock_timestamp() - make_interval(secs => $2) as long`,
);

/**
 * Ends the attempts of hosts that were silent for `after` ms while somebody looked: their experiments end with
 * host_lost or are tried again, as they asked. A host that fences itself is given the time to have done it. The host is fenced from them: its later writes find a closed attempt.
 * Answers the experiments.
 */
export async function giveUpLostHosts(pool: Pool, after: number): Promise<string[]> {
  return transaction(pool, async (db) => {
    // Where the clock was set back, what lies ahead of it counts from now on: a dead host would pass for a living one so long.
    await db.query(setBack);
    const { rows } = await db.query<{ long: boolean }>(watching, [gapSeconds, after / 1000]);
    if (rows[0]?.long !== true) return [];
    // All is locked: a host that beats, starts or closes an attempt now does so before or after the whole of this.
    const lost = await many(
      db,
      lostAttempt,
      `select a.id::text as id, a.experiment_id::text as experiment_id, a.epoch::text as epoch, a.host, j.retries, j.retried,
              extract(epoch from clock_timestamp() - b.seen_at)::float8 as silent
         from skeduler.heartbeats b join skeduler.hosts h on h.name = b.host
         join skeduler.attempts a on a.host = b.host and a.closed_at is null
         join public.jobs j on j.id = a.experiment_id
        where b.seen_at < clock_timestamp() - make_interval(secs => greatest($1, h.fenced_within / 1000.0)) order by b.host, a.id for no key update of b, h, a`,
      [after / 1000],
    );
    for (const one of lost) {
      const result: Result = {
        reason: "host_lost",
        exit_code: null,
        signal: null,
        message: `Given up: the host ${one.host} was silent for ${Math.round(one.silent)} s.`,
      };
      const retryIn = retryDelay(one.retries, one.retried, result);
      await closeAttempt(
        db,
        { attemptId: one.id, epoch: one.epoch },
        { result, finished: false, endedAt: undefined, retryIn },
        { actor: "watch" },
      );
    }
    await db.query(
      `with lost as (update skeduler.hosts set lost_at = clock_timestamp() where name = any($1) returning name)
       insert into skeduler.events (host, actor, kind) select name, 'watch', 'lost' from lost`,
      [[...new Set(lost.map((one) => one.host))]],
    );
    return lost.map((one) => one.experiment_id);
  });
}

/**
 * The host's runner says that nothing of what was given up runs there any more. Counts only for the giving up that it
 * answers: the host may have been given up again since.
 */
export async function hostIsClean(db: Queryable, host: string, epoch: string, lostAt: string | null): Promise<void> {
  await db.query(
    `with clean as (
       update skeduler.hosts set lost_at = null, clean = true
        where name = $1 and epoch = $2 and lost_at is not distinct from $3::timestamptz and (lost_at is not null or not clean)
       returning name
     ), placement as (
       select ${placingNow} from clean
     )
     insert into skeduler.events (host, actor, kind) select name, 'runner', 'clean' from clean, (select count(*) from placement) p`,
    [host, epoch, lostAt],
  );
}
