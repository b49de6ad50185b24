// Carries placement: reads what waits and what is free, asks the scheduler, writes leases, attempts and RUNNING and
// enqueues start-experiment, in one transaction under one lock, so that one process at a time places.
// In a process at most one placement is in flight; what is asked meanwhile is answered by one more.
// `explain` puts the same pass to the same rows and writes nothing: it cannot disagree with what places.

import { setTimeout as sleep } from "node:timers/promises";
import { transaction, type Pool, type Queryable } from "./database/pool.ts";
import type { Notifier } from "./database/notifier.ts";
import {
  assign,
  cancelDependants,
  keepReservation,
  lockPlacement,
  readHeads,
  readHosts,
  readReservation,
  readStanding,
  readUsage,
  readWaiting,
  type Held,
} from "./database/statements/placement.ts";
import { Line, usageOf } from "./scheduler/line.ts";
import { Pass, type Verdict } from "./scheduler/pass.ts";
import type { Request, Reservation } from "./scheduler/model.ts";

/** How much of the line a pass looks at: most find what is free among the first. */
const pages = [50, 950] as const;
const lookahead = 1000;
/**
 * A pass that placed nothing is followed by a rest of this many times its length, so that a flood of POSTs for which there is
 * no room leaves most of the database to them; the longest rest is ms that nobody notices.
 */
const rest = 4;
const longestRest = 20;
/** And of each owner and priority, where the order is another than the database keeps. */
const ofEach = 200;

export interface PlacementOptions {
  readonly db: Pool;
  readonly notifier: Notifier;
  /** What an experiment without a time limit is expected to take, ms: for estimates alone. */
  readonly defaultExpected: number;
  /** Ms of waiting that count as one more priority; undefined: none do. */
  readonly ageing: number | undefined;
  /** Undefined: within a priority, first come, first served. */
  readonly fairShare: { readonly halfLife: number; readonly weights: ReadonlyMap<string, number> } | undefined;
  /** GPUs that an owner may hold at once; undefined: any number. */
  readonly quota: (owner: string) => number | undefined;
}

/** Why an experiment waits, or that it does not. */
export interface Explanation {
  readonly status: "ENQUEUED" | "RUNNING" | "FINISHED" | "CANCELLED";
  /** In line, from 1; null where it does not stand in it. */
  readonly position: number | null;
  readonly message: string;
  /** Ms since the epoch. */
  readonly estimatedStart: number | null;
  readonly reservation: Reservation | null;
  readonly hosts: readonly Verdict[];
}

export class Placement {
  readonly #options: PlacementOptions;
  #running: Promise<void> | undefined;
  #again: Promise<void> | undefined;

  constructor(options: PlacementOptions) {
    this.#options = options;
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
    return transaction(this.#options.db, async (client) => {
      await client.query("set transaction isolation level repeatable read read only");
      const standing = await readStanding(client, id);
      if (standing === undefined) return undefined;
      const { status, ahead } = standing;
      const none = { status, position: null, estimatedStart: null, reservation: null, hosts: [] };
      if (status === "RUNNING") return { ...none, message: `It has been placed on ${standing.host ?? "a host"}.` };
      if (status !== "ENQUEUED") return { ...none, message: "It has ended." };
      if (standing.stopping_on !== null)
        return { ...none, message: `It waits until its last attempt has been stopped on ${standing.stopping_on}.` };
      if (standing.waits_for !== null) return { ...none, message: `It comes after ${standing.waits_for}.` };
      if (standing.not_before !== null) return { ...none, message: `It is tried again at ${standing.not_before} UTC.` };
      const { pass, line } = await this.#prepare(client);
      let position = 0;
      for await (const request of this.#inTurn(client, line)) {
        position += 1;
        if (request.id === id) return explained(pass, request, position);
        const assignment = pass.consider(request);
        if (assignment !== undefined) line.placed(request, assignment.gpus.length);
      }
      // Farther back than a pass looks.
      const [asked] = await readWaiting(client, { offset: ahead, limit: 1 });
      if (asked?.id !== id) return { ...none, message: "It is about to be placed." };
      return explained(pass, asked, this.#plain ? ahead + 1 : null);
    });
  }

  /** The order that the database keeps: by priority, then by age. */
  get #plain(): boolean {
    return this.#options.fairShare === undefined && this.#options.ageing === undefined;
  }

  async #start(): Promise<void> {
    const begun = performance.now();
    const pass = this.#placeAll();
    const rested = pass.then(async (placed) => {
      if (!placed) await sleep(Math.min(longestRest, rest * (performance.now() - begun)));
    });
    this.#running = rested.finally(() => {
      this.#running = undefined;
    });
    this.#running.catch(() => undefined); // the pass's own caller hears of it
    await pass;
  }

  async #prepare(client: Queryable): Promise<{ pass: Pass; line: Line; before: Held | undefined }> {
    const { defaultExpected, ageing, fairShare, quota } = this.#options;
    const hosts = await readHosts(client, defaultExpected);
    const before = await readReservation(client);
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
    return { pass, line, before };
  }

  /** The waiting experiments in their order, as far as a pass looks. */
  async *#inTurn(client: Queryable, line: Line): AsyncGenerator<Request> {
    let offset = 0;
    for (const limit of this.#plain ? pages : [lookahead]) {
      const page = this.#plain ? await readWaiting(client, { offset, limit }) : await readHeads(client, ofEach);
      line.add(page);
      for (let next = line.next(); next !== undefined; next = line.next()) yield next;
      if (page.length < limit) return;
      offset += limit;
    }
  }

  /** Whether anything was placed. */
  async #placeAll(): Promise<boolean> {
    for (let any = false; ; any = true) {
      const { placed, whole } = await transaction(this.#options.db, async (client) => {
        await lockPlacement(client);
        const doomed = await cancelDependants(client);
        if (doomed.length > 0) return { placed: doomed, whole: false }; // theirs may follow
        const { pass, line, before } = await this.#prepare(client);
        let { full } = pass;
        if (full) return { placed: [], whole: true };
        let considered = 0;
        for await (const request of this.#inTurn(client, line)) {
          considered += 1;
          const assignment = pass.consider(request);
          if (assignment === undefined) continue;
          line.placed(request, assignment.gpus.length);
          full = pass.full;
          if (full) break;
        }
        const { assignments, reservation } = pass;
        if (reservation?.experimentId !== before?.experimentId || reservation?.host !== before?.host)
          await keepReservation(client, reservation);
        const whole = full || considered < (this.#plain ? lookahead : ofEach);
        return { placed: assignments.length === 0 ? [] : await assign(client, assignments), whole };
      });
      for (const id of placed) this.#options.notifier.changed(id);
      if (whole || placed.length === 0) return any || placed.length > 0;
    }
  }
}

function explained(pass: Pass, asked: Request, position: number | null): Explanation {
  const hosts = pass.explain(asked);
  pass.consider(asked);
  const estimatedStart = pass.estimate(asked) ?? null;
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
      const [first] = hosts;
      return `No host that takes experiments could run it: ${first?.host ?? ""} ${first?.refusal?.message ?? ""}${hosts.length > 1 ? ", and so on" : ""}.`;
    }
    return `It waits for room; ${position === null ? "many" : position - 1} stand before it in the line.`;
  }
}
