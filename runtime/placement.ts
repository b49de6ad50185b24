// Carries placement: reads what waits and what is free, asks the scheduler, writes leases, attempts and RUNNING and
// enqueues start-experiment, in one transaction under one lock, so that one process at a time places.
// In a process at most one placement is in flight; what is asked meanwhile is answered by one more.
// `explain` puts the same pass to the same rows and writes nothing: it cannot disagree with what places.

import { setTimeout as sleep } from "node:timers/promises";
import { Cluster } from "./database/cluster.ts";
import { transaction, type Pool, type Queryable } from "./database/pool.ts";
import { look, type Sight } from "./database/statements/cluster.ts";
import { readCrowds, readKinds, readMore, readRequest, type Kind } from "./database/statements/line.ts";
import {
  assign,
  beginExplanation,
  beginPlacement,
  cancelDependants,
  keepReservation,
  readStanding,
  readUsage,
  type Held,
  type Standing,
} from "./database/statements/placement.ts";
import { awaitHosts } from "./database/statements/restored.ts";
import { Line, usageOf } from "./scheduler/line.ts";
import { Pass, type Verdict } from "./scheduler/pass.ts";
import { isForever, type Request, type Reservation } from "./scheduler/model.ts";

/**
 * Where passes in a row place nothing, each is followed by a longer rest, so that a flood of POSTs for which there is no room
 * leaves most of the database to them. A few in a row are nothing unusual (what ended freed nothing for anybody, and a queue
 * job asks once more), and a POST that could start must not wait for their rest; the longest, ms, is one that nobody notices.
 */
const usual = 3;
const longestRest = 20;
/** Passes farther apart, ms, are not in a row. */
const apart = 100;

/** So many of each kind are read at first, and so many times as many more where all of them were placed. */
const firstOfEach = 2;
const deeper = 8;
/** What one transaction places at most; another follows. */
const most = 1_000;

export interface PlacementOptions {
  /** For what places. */
  readonly db: Pool;
  /** For who asks why something waits: they may be many. */
  readonly reads: Pool;
  /** What an experiment without a time limit is expected to take, ms: for estimates alone. */
  readonly defaultExpected: number;
  /** Ms of waiting that count as one more priority; undefined: none do. */
  readonly ageing: number | undefined;
  /** Undefined: within a priority, first come, first served. */
  readonly fairShare: { readonly halfLife: number; readonly weights: ReadonlyMap<string, number> } | undefined;
  /** GPUs that an owner may hold at once; undefined: any number. */
  readonly quota: (owner: string) => number | undefined;
  /** Told of every pass: how long it took, and how long those had waited that it placed, by id; seconds. */
  readonly passed?: (pass: { readonly seconds: number; readonly waits: ReadonlyMap<string, number> }) => void;
}

/** Why an experiment waits, or that it does not. */
export interface Explanation {
  readonly status: Standing["status"];
  /** In line, from 1; null where it does not stand in it. */
  readonly position: number | null;
  readonly message: string;
  /** Ms since the epoch. */
  readonly estimatedStart: number | null;
  readonly reservation: Reservation | null;
  readonly hosts: readonly Verdict[];
}

interface Prepared {
  readonly pass: Pass;
  readonly line: Line;
  readonly before: Held | undefined;
  /** What held the reservation, where it still waits. */
  readonly reserved: Request | undefined;
  /** Ms since the epoch. */
  readonly now: number;
}

export class Placement {
  readonly #options: PlacementOptions;
  readonly #cluster: Cluster;
  #running: Promise<void> | undefined;
  /** Passes in a row that placed nothing, and when the last pass ended. */
  #fruitless = 0;
  #ended = 0;
  #again: Promise<void> | undefined;

  constructor(options: PlacementOptions) {
    this.#options = options;
    this.#cluster = new Cluster(options.defaultExpected);
  }

  /** Places what can be placed, counting everything committed before the call. */
  async run(): Promise<void> {
    if (this.#running === undefined) return this.#start();
    // The one in flight may have read before our caller committed: one more, shared by all who ask meanwhile.
    this.#again ??= this.#running
      .catch(() => undefined)
      .then(async () => {
        this.#again = undefined;
        return this.#start();
      });
    return this.#again;
  }

  /** Undefined where there is no such experiment. */
  async explain(id: string): Promise<Explanation | undefined> {
    const explain = async (client: Queryable): Promise<Explanation | undefined> => {
      const standing = await readStanding(client, id);
      if (standing === undefined) return undefined;
      const { status } = standing;
      const none = { status, position: null, estimatedStart: null, reservation: null, hosts: [] };
      if (status === "RUNNING") return { ...none, message: `It has been placed on ${standing.host ?? "a host"}.` };
      if (status !== "ENQUEUED") return { ...none, message: "It has ended." };
      if (standing.stopping_on !== null)
        return { ...none, message: `It waits until its last attempt has been stopped on ${standing.stopping_on}.` };
      if (standing.waits_for !== null) return { ...none, message: `It comes after ${standing.waits_for}.` };
      if (standing.not_before !== null) return { ...none, message: `It is tried again at ${standing.not_before} UTC.` };
      if (standing.found_on !== null) return { ...none, message: foundMessage(standing.found_on) };
      const sight = await look(client);
      if (sight.awaited.length > 0) return { ...none, message: awaitedMessage(sight.awaited) };
      const asked = await readRequest(client, id);
      if (asked === undefined) return { ...none, message: "It is about to be placed." };
      const { pass, line, now, reserved } = await this.#prepare(client, sight, [asked]);
      await this.#fill(client, pass, line, { until: id });
      const crowds = await readCrowds(client, id, { now, ageing: this.#options.ageing });
      const position = line.ahead(asked, crowds, reserved?.id === id ? undefined : reserved) + 1;
      return explained(pass, asked, position, now);
    };
    return transaction(this.#options.reads, explain, beginExplanation);
  }

  async #start(): Promise<void> {
    const begun = performance.now();
    if (begun - this.#ended > apart) this.#fruitless = 0;
    const pass = this.#placeAll();
    const rested = pass.then(async (placed) => {
      this.#ended = performance.now();
      this.#fruitless = placed ? 0 : this.#fruitless + 1;
      const rest = (this.#fruitless - usual) * (this.#ended - begun);
      if (rest > 0) await sleep(Math.min(longestRest, rest));
    });
    this.#running = rested.finally(() => {
      this.#running = undefined;
    });
    this.#running.catch(() => undefined); // the pass's own caller hears of it
    await pass;
  }

  /** A pass over the hosts and its line, in which `asked` stand alone: each has a turn of its own. */
  async #prepare(client: Queryable, sight: Sight, asked: readonly Request[]): Promise<Prepared> {
    const { defaultExpected, ageing, fairShare, quota } = this.#options;
    const { experimentId, host } = sight;
    const hosts = await this.#cluster.complete(client, sight.hosts);
    const before = experimentId === null || host === null ? undefined : { experimentId, host };
    const reserved = before && (await readRequest(client, before.experimentId));
    const now = Date.now();
    const pass = new Pass({ hosts, now, defaultExpected, quota, before });
    const usage = fairShare && usageOf(await readUsage(client, fairShare.halfLife), hosts, now);
    const line = new Line({
      now,
      defaultExpected,
      ageing,
      fairShare: fairShare && usage && { usage, weights: fairShare.weights },
      reserved: before?.experimentId,
    });
    for (const one of [...asked, ...(reserved === undefined ? [] : [reserved])]) line.add(one.id, [one], true);
    return { pass, line, before, reserved, now };
  }

  /** Considers what waits, in turn, until no place is left, `most` were placed, or it is the turn of `until`; into `waits`, how long what is placed has waited, s. */
  async #fill(
    client: Queryable,
    pass: Pass,
    line: Line,
    { until, waits }: { readonly until?: string; readonly waits?: Map<string, number> },
  ): Promise<void> {
    const read = new Map<string, number>();
    const add = (kinds: readonly Kind[], limit: number): void => {
      for (const { key, requests } of kinds) {
        line.add(key, requests, requests.length < limit);
        read.set(key, (read.get(key) ?? 0) + requests.length);
      }
    };
    add(await readKinds(client, firstOfEach), firstOfEach);
    for (let next = line.next(); next !== undefined && next.id !== until; next = line.next()) {
      const assignment = pass.consider(next);
      if (assignment === undefined) {
        line.waits();
        continue;
      }
      waits?.set(next.id, Math.max(0, Date.now() - next.enqueuedAt) / 1000);
      const dry = line.placed(next, assignment.gpus.length);
      if (until === undefined && (pass.full || pass.assignments.length >= most)) return;
      if (dry === undefined) continue;
      const offset = read.get(dry) ?? 0;
      const limit = offset * deeper;
      add(await readMore(client, dry, { limit, offset }), limit);
    }
  }

  /** Under the lock. Into `waits`, how long what is placed has waited, s. */
  async #place(client: Queryable, waits: Map<string, number>): Promise<{ placed: string[]; again: boolean }> {
    const sight = await look(client);
    const awaited = sight.appeared ? await awaitHosts(client) : sight.awaited;
    if (awaited.length > 0) return { placed: [], again: false };
    const cancelled = await cancelDependants(client, sight.doomed);
    if (cancelled.length > 0) return { placed: cancelled, again: true }; // theirs may follow
    const { pass, line, before } = await this.#prepare(client, sight, []);
    if (pass.full) return { placed: [], again: false };
    await this.#fill(client, pass, line, { waits });
    const { assignments, reservation } = pass;
    if (reservation?.experimentId !== before?.experimentId || reservation?.host !== before?.host)
      await keepReservation(client, reservation);
    const placed = assignments.length === 0 ? [] : await assign(client, assignments);
    return { placed, again: assignments.length >= most };
  }

  /** Whether anything was placed. */
  async #placeAll(): Promise<boolean> {
    for (let any = false; ; any = true) {
      const began = performance.now();
      const waits = new Map<string, number>();
      const { placed, again } = await transaction(
        this.#options.db,
        async (client) => this.#place(client, waits),
        beginPlacement,
      );
      this.#options.passed?.({
        seconds: (performance.now() - began) / 1000,
        waits: new Map(placed.flatMap((id) => (waits.has(id) ? [[id, waits.get(id) ?? 0]] : []))),
      });
      if (!again) return any || placed.length > 0;
    }
  }
}

function foundMessage(host: string): string {
  return `It ran on ${host} after the moment to which the database was restored, and waits for an operator's word (PUT /hosts/${host}).`;
}

function awaitedMessage(hosts: readonly string[]): string {
  return `The database was started anew or restored: nothing is placed before ${hosts.join(", ")} ${hosts.length === 1 ? "was" : "were"} heard.`;
}

function explained(pass: Pass, asked: Request, position: number, now: number): Explanation {
  const hosts = pass.explain(asked);
  const estimatedStart = pass.consider(asked) === undefined ? (pass.estimate(asked) ?? null) : now;
  const reservation = pass.reservation?.experimentId === asked.id ? pass.reservation : null;
  return { status: "ENQUEUED", position, message: sentence(), estimatedStart, reservation, hosts };

  function sentence(): string {
    if (hosts.length === 0) return "No host is registered yet.";
    const free = hosts.find((one) => one.refusal === undefined);
    if (free !== undefined) return `It is about to be placed on ${free.host}.`;
    if (reservation !== null) return `It is the next to start, on ${reservation.host}, as soon as there is room.`;
    const limited = hosts.find((one) => one.refusal?.rule === "quota");
    if (limited !== undefined) return `It waits for its owner's quota: ${limited.refusal?.message ?? ""}.`;
    if (estimatedStart === null) {
      const able = hosts.filter((one) => one.refusal !== undefined && !isForever(one.refusal));
      return able.length === 0
        ? `No registered host could ever run it: ${sayings(hosts)}.`
        : `No host that could run it can take it now: ${sayings(able)}.`;
    }
    return `It waits for room; ${position - 1} stand before it in the line.`;
  }
}

/** What the first few of these hosts say; those that were not asked for only where there are no others. */
function sayings(hosts: readonly Verdict[]): string {
  const asked = hosts.filter(({ refusal }) => refusal?.rule !== "host");
  const heard = asked.length === 0 ? hosts : asked;
  const said = heard.slice(0, 3).map(({ host, refusal }) => `${host} ${refusal?.message ?? ""}`);
  return [...said, ...(heard.length > 3 ? [`and ${heard.length - 3} more`] : [])].join("; ");
}
