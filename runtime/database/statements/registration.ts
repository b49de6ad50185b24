// A host's standing: each start of its runner takes the next epoch and with it the host's open attempts; heartbeats are counted.
// Epoch and count never go back, so a database that shows less than the host knows was restored to a moment before.

import { z } from "zod";
import { many, maybeOne, one, prepared, transaction, type Pool, type Queryable } from "../pool.ts";
import { placingNow, silentAfterSeconds } from "./placement.ts";
import { unlockJobs } from "./queue-workers.ts";
import type { Heard } from "./runner.ts";

export interface Registration {
  readonly name: string;
  readonly engineId: string;
  readonly slots: number;
  readonly labels: readonly string[];
  /** Undefined: it cannot tell now; those that it had before stay its own. */
  readonly gpus:
    | readonly {
        readonly uuid: string;
        readonly index: number;
        readonly name: string;
        readonly memoryMiB: number;
      }[]
    | undefined;
  readonly cpus: number;
  readonly memoryBytes: number;
  /** What it gives to one container at most; absent: no limit of its own. */
  readonly most?: { readonly cpus: number | undefined; readonly memoryBytes: number | undefined };
  readonly version: string;
  /** Silent for so long, ms, it has stopped its containers; undefined: it never does by itself. */
  readonly fencedWithin: number | undefined;
  /** Whether it checks its GPUs before they are granted again. */
  readonly checksGpus: boolean;
  /** What the host remembers of this installation. */
  readonly known: { readonly epoch: string; readonly beats: string } | undefined;
}

const registered = z.object({
  installation: z.string(),
  epoch: z.string(),
  beats: z.string(),
  /** False: the database knows less than the host did, and both are to be compared before anything else. */
  compared: z.boolean(),
  previous_pool: z.string().nullable(),
});
export type Registered = z.infer<typeof registered>;

export async function readInstallation(db: Queryable): Promise<string> {
  const { id } = await one(db, z.object({ id: z.string() }), "select id::text as id from skeduler.installation");
  return id;
}

/** Takes the host's next epoch; nothing is placed there before `hostIsClean`. Undefined where the name belongs to another Engine and was not removed. */
export async function registerHost(pool: Pool, host: Registration): Promise<Registered | undefined> {
  return transaction(pool, async (db) => {
    await lockHost(db, host.name); // what is placed there meanwhile gets the new epoch
    const taken = await takeEpoch(db, host);
    // With the attempts taken: who closed one of them meanwhile may have withheld its GPUs, and nobody would offer them again.
    if (taken !== undefined && !host.checksGpus)
      await db.query("delete from skeduler.withheld_gpus where host = $1", [host.name]);
    return taken;
  });
}

/** Until the end of the transaction nobody beats, starts, gives up or places on this host. The next statement sees what did before. */
export async function lockHost(db: Queryable, name: string): Promise<void> {
  const rows = "skeduler.heartbeats b join skeduler.hosts h on h.name = b.host";
  await db.query(`select from ${rows} where h.name = $1 for no key update`, [name]);
}

async function takeEpoch(db: Queryable, host: Registration): Promise<Registered | undefined> {
  return maybeOne(
    db,
    registered,
    `with before as (
       select pool_id, h.epoch < $11 or b.beats < $12 as restored
         from skeduler.hosts h join skeduler.heartbeats b on b.host = h.name where h.name = $1
     ), memory as (
       -- A host that remembers us and that we do not know is news as well. The next epoch is above both memories.
       select coalesce((select restored from before), $11::bigint is not null) is true as ahead, coalesce($11::bigint, 0) as epoch,
              coalesce($12::bigint, 0) as beats
     ), host as (
       insert into skeduler.hosts as h (name, engine_id, epoch, slots, gpus, cpus, memory_bytes, version, labels, fenced_within, checks_gpus, most_cpus, most_memory_bytes, clean,
                                        compared, restored_at)
         select $1, $2, m.epoch + 1, $3, coalesce($4::jsonb, '[]'), $5, $6, $7, $8, $9, $10, $13, $14, false, not m.ahead, case when m.ahead then clock_timestamp() end from memory m
         on conflict (name) do update
           set engine_id = $2, epoch = greatest(h.epoch + 1, excluded.epoch), pool_id = null, compared = h.compared and excluded.compared,
               restored_at = coalesce(excluded.restored_at, h.restored_at), awaited_since = null, slots = $3, gpus = coalesce($4::jsonb, case when h.engine_id = $2 then h.gpus else '[]' end), cpus = $5, memory_bytes = $6, version = $7, labels = $8, fenced_within = $9, checks_gpus = $10, most_cpus = $13, most_memory_bytes = $14,
               removed = false, registered_at = now(), clean = false, trouble = null
           where h.engine_id = $2 or h.removed
         returning name, epoch, compared, gpus
     ), withheld as (
       -- Whatever is on them now was not there by us.
       insert into skeduler.withheld_gpus (host, gpu)
         select host.name, g ->> 'uuid' from host, jsonb_array_elements(host.gpus) g
          where $10 and not exists (select from skeduler.leases l where l.host = host.name and l.gpu = g ->> 'uuid')
         on conflict (host, gpu) do update set stamp = gen_random_uuid()
     ), taken as (
       update skeduler.attempts a set epoch = host.epoch from host where a.host = host.name and a.closed_at is null
     ), beat as (
       insert into skeduler.heartbeats as b (host, seen_at, beats) select name, clock_timestamp(), m.beats + 1 from host, memory m
         on conflict (host) do update set seen_at = clock_timestamp(), beats = greatest(b.beats + 1, excluded.beats)
       returning beats
     ), noted as (
       insert into skeduler.events (host, actor, kind, detail) select name, 'runner', 'registered', jsonb_build_object('epoch', epoch) from host
     )
     select i.id::text as installation, host.epoch::text as epoch, beat.beats::text as beats, host.compared, (select pool_id from before) as previous_pool
       from host, beat, skeduler.installation i`,
    [
      host.name,
      host.engineId,
      host.slots,
      host.gpus === undefined ? null : JSON.stringify(host.gpus),
      host.cpus,
      host.memoryBytes,
      host.version,
      host.labels,
      host.fencedWithin ?? null,
      host.checksGpus,
      host.known?.epoch ?? null,
      host.known?.beats ?? null,
      host.most?.cpus ?? null,
      host.most?.memoryBytes ?? null,
    ],
  );
}

/** Other hosts that are on this Engine and live, or had experiments there that nobody gave up yet. */
export async function readHostsOfEngine(db: Queryable, engineId: string, but: string): Promise<string[]> {
  const rows = await many(
    db,
    z.object({ name: z.string() }),
    `select h.name from skeduler.hosts h join skeduler.heartbeats b on b.host = h.name
      where h.engine_id = $1 and h.name <> $2 and not h.removed
        and (b.seen_at > clock_timestamp() - make_interval(secs => $3)
             or exists (select from skeduler.attempts a where a.host = h.name and a.closed_at is null)) order by h.name`,
    [engineId, but, silentAfterSeconds],
  );
  return rows.map(({ name }) => name);
}

/**
 * Keeps the id under which this start's queue worker locks jobs, and unlocks what the previous start (or a process that
 * died) had locked: graphile-worker itself would wait four hours.
 */
export async function recordPool(
  db: Queryable,
  host: string,
  epoch: string,
  pool: { readonly id: string; readonly previous: string | null },
): Promise<void> {
  await db.query("update skeduler.hosts set pool_id = $3 where name = $1 and epoch = $2", [host, epoch, pool.id]);
  if (pool.previous !== null) await unlockJobs(db, [pool.previous]);
}

/** How busy a host's machine is. */
export interface HostLoad {
  /** Over 1, 5 and 15 minutes. */
  readonly average: readonly number[];
  /** Bytes that could be had without swapping. */
  readonly memory_available: number;
  /** Bytes free where Docker keeps its data; null where that cannot be seen from here. */
  readonly disk_free: number | null;
}

const beaten = z.object({
  verdict: z.enum(["heard", "replaced", "restored"]),
  clean: z.boolean().nullable(),
  lost_at: z.string().nullable(),
  beats: z.string().nullable(),
  closed: z.array(z.string()).nullable(),
});
export type Beaten =
  | { readonly verdict: "replaced" | "restored" }
  | {
      readonly verdict: "heard";
      /** False: what runs there is to be compared with the attempts. */
      readonly clean: boolean;
      /** The giving up that this answers. */
      readonly lostAt: string | null;
      readonly beats: string;
      /** Those of `knows` that are closed. */
      readonly closed: readonly string[];
    };

const beating = prepared(
  "beat",
  `with ours as (
     -- Locked: of a beat and a newer start at the same moment, one comes first.
     select h.name, h.clean, h.lost_at, h.trouble, h.awaited_since, h.removed from skeduler.heartbeats b join skeduler.hosts h on h.name = b.host
      where b.host = $1 and h.epoch = $2 and b.beats >= $4
        and (select count(*) from skeduler.attempts a where a.id = any($5::uuid[])) = cardinality($5::uuid[])
        and not exists (select from skeduler.attempts a where a.id = any($6::uuid[]) and a.closed_at is null)
        for no key update of b, h
   ), told as (
     -- Removed while it was only cut off: it is back.
     update skeduler.hosts h set trouble = $3, awaited_since = null, removed = false from ours
      where h.name = ours.name and (ours.trouble is distinct from $3 or ours.awaited_since is not null or ours.removed)
     returning h.name, h.epoch, h.trouble, ours.trouble is distinct from $3 as news, ours.removed as back
   ), noted as (
     insert into skeduler.events (host, actor, kind, detail)
       select name, 'runner', case when trouble is null then 'recovered' else 'trouble' end, jsonb_build_object('trouble', trouble) from told where news
       union all select name, 'runner', 'registered', jsonb_build_object('epoch', epoch) from told where back
   ), placement as (
     select ${placingNow} from told
   ), beaten as (
     update skeduler.heartbeats b set seen_at = clock_timestamp(), beats = b.beats + 1, load = coalesce($7, b.load)
       from ours, (select count(*) from placement) p where b.host = ours.name
     returning ours.clean and ours.lost_at is null as clean, ours.lost_at::text as lost_at, b.beats::text as beats
   )
   select case when beaten.beats is not null then 'heard'
               when (select h.epoch > $2 from skeduler.hosts h where h.name = $1) then 'replaced' else 'restored' end as verdict, beaten.*,
          (select array_agg(a.id::text) from skeduler.attempts a where a.id = any($5::uuid[]) and a.closed_at is not null) as closed
     from (select) x left join beaten on true`,
);

/**
 * Says that the host lives, and counts it: only where the database knows all that the host knows. "replaced": a newer start of
 * its runner has taken over; "restored": the database is an older one, or another. `now.trouble`: why its runner takes nothing, to
 * follow the host's name.
 */
export async function beat(
  db: Queryable,
  { host, epoch, beats }: Heard,
  knows: { readonly known: readonly string[]; readonly closed: readonly string[] },
  now: { readonly trouble: string | undefined; readonly load: HostLoad | undefined },
): Promise<Beaten> {
  const ask = async (): Promise<z.output<typeof beaten>> =>
    one(db, beaten, beating, [
      host,
      epoch,
      now.trouble ?? null,
      beats,
      knows.known,
      knows.closed,
      now.load === undefined ? null : JSON.stringify(now.load),
    ]);
  let found = await ask();
  // Who waited for the lock of a newer start finds its row gone from under an older snapshot: only a second look tells that it was replaced.
  if (found.verdict === "restored") found = await ask();
  if (found.verdict !== "heard") return { verdict: found.verdict };
  if (found.clean === null || found.beats === null) throw new Error("a heartbeat was counted and not answered");
  return {
    verdict: "heard",
    clean: found.clean,
    lostAt: found.lost_at,
    beats: found.beats,
    closed: found.closed ?? [],
  };
}
