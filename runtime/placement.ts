// Carries placement: reads what waits and what is free, asks the scheduler, writes leases, attempts and RUNNING and
// enqueues start-experiment, in one transaction under one lock, so that one process at a time places.
// In a process at most one placement is in flight; what is asked meanwhile is answered by one more.
// `explain` puts the same pass to the same rows and writes nothing: it cannot disagree with what places.

import type { Pool } from "./database/pool.ts";
import { transaction } from "./database/pool.ts";
import type { Notifier } from "./database/notifier.ts";
import {
  assign,
  cancelDependants,
  lockPlacement,
  readHosts,
  readStanding,
  readWaiting,
} from "./database/statements/placement.ts";
import { Pass, type Verdict } from "./scheduler/pass.ts";
import type { Request, Reservation } from "./scheduler/model.ts";

/** How much of the line a pass looks at: most find what is free among the first. */
const pages = [50, 950] as const;
const lookahead = 1000;

export interface PlacementOptions {
  readonly db: Pool;
  readonly notifier: Notifier;
  /** What an experiment without a time limit is expected to take, ms: for estimates alone. */
  readonly defaultExpected: number;
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
  #reservation: Reservation | undefined;

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
      const pass = await this.#newPass(client);
      const before = await readWaiting(client, { offset: 0, limit: Math.min(ahead, lookahead) });
      for (const one of before) pass.consider(one);
      const [asked] = await readWaiting(client, { offset: ahead, limit: 1 });
      if (asked?.id !== id) return { ...none, message: "It is about to be placed." };
      return explained(pass, asked, ahead + 1);
    });
  }

  async #start(): Promise<void> {
    this.#running = this.#placeAll().finally(() => {
      this.#running = undefined;
    });
    return this.#running;
  }

  async #newPass(client: Parameters<typeof readHosts>[0]): Promise<Pass> {
    const { defaultExpected } = this.#options;
    const hosts = await readHosts(client, defaultExpected);
    return new Pass({ hosts, now: Date.now(), defaultExpected, before: this.#reservation });
  }

  async #placeAll(): Promise<void> {
    for (;;) {
      const { placed, whole } = await transaction(this.#options.db, async (client) => {
        await lockPlacement(client);
        const doomed = await cancelDependants(client);
        if (doomed.length > 0) return { placed: doomed, whole: false }; // theirs may follow
        const pass = await this.#newPass(client);
        let considered = 0;
        let [whole, full] = [true, pass.full];
        for (const limit of full ? [] : pages) {
          const line = await readWaiting(client, { offset: considered, limit });
          for (const request of line) pass.consider(request);
          considered += line.length;
          whole = line.length < limit;
          full = pass.full;
          if (whole || full) break;
        }
        if (considered > 0) this.#reservation = pass.reservation;
        const { assignments } = pass;
        return { placed: assignments.length === 0 ? [] : await assign(client, assignments), whole: whole || full };
      });
      for (const id of placed) this.#options.notifier.changed(id);
      if (whole || placed.length === 0) return;
    }
  }
}

function explained(pass: Pass, asked: Request, position: number): Explanation {
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
    if (estimatedStart === null) {
      const [first] = hosts;
      return `No host that takes experiments could run it: ${first?.host ?? ""} ${first?.refusal?.message ?? ""}${hosts.length > 1 ? ", and so on" : ""}.`;
    }
    return `It waits for room; ${position - 1} stand before it in the line.`;
  }
}
