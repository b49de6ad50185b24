// The line: whose turn it is. By priority; then, where that is switched on, the owner who has used the least of its fair
// share; then by age. Ageing raises a priority by one for each so long that was waited. Pure, like all of this folder.

import type { Host, Request } from "./model.ts";

/** What an experiment without GPUs counts as, in GPUs: it takes a place too. */
const leastCharge = 0.1;
const highest = 100;
const hour = 3_600_000;

export interface LineOptions {
  /** Ms since the epoch. */
  readonly now: number;
  /** What a request without a time limit is charged for, ms. */
  readonly defaultExpected: number;
  /** Ms of waiting that count as one more priority; undefined: none do. */
  readonly ageing?: number | undefined;
  readonly fairShare?: FairShare | undefined;
  /** Holds the reservation: within its priority it stays the first. */
  readonly reserved?: string | undefined;
}

export interface FairShare {
  /** GPU-hours of each owner so far, decayed. */
  readonly usage: ReadonlyMap<string, number>;
  /** An owner of weight 2 may use twice as much; 1 where none is given. */
  readonly weights: ReadonlyMap<string, number>;
}

export class Line {
  readonly #options: LineOptions;
  /** In order of age. One owner's of one priority never change places among themselves. */
  readonly #classes = new Map<string, Request[]>();
  readonly #usage: Map<string, number>;

  constructor(options: LineOptions) {
    this.#options = options;
    this.#usage = new Map(options.fairShare?.usage);
  }

  /** Those of one owner and priority in order of age, after those added before. */
  add(requests: readonly Request[]): void {
    for (const request of requests) {
      const { owner, priority, id } = request;
      const key = id === this.#options.reserved ? id : `${priority} ${this.#options.fairShare ? owner : ""}`;
      const known = this.#classes.get(key);
      if (known === undefined) this.#classes.set(key, [request]);
      else known.push(request);
    }
  }

  /** Takes the next out of the line; undefined where nobody is left. */
  next(): Request | undefined {
    let best: { readonly key: string; readonly head: Request; readonly rank: readonly number[] } | undefined;
    for (const [key, [head]] of this.#classes) {
      if (head === undefined) continue;
      const rank = this.#rank(head);
      if (best === undefined || before(rank, best.rank)) best = { key, head, rank };
    }
    if (best !== undefined) this.#classes.get(best.key)?.shift();
    return best?.head;
  }

  /** The owner is charged from here on: whose turn it is next takes it into account. */
  placed(request: Request, gpus: number): void {
    const hours = (request.timeLimit ?? this.#options.defaultExpected) / hour;
    this.#usage.set(request.owner, (this.#usage.get(request.owner) ?? 0) + Math.max(gpus, leastCharge) * hours);
  }

  /** Smaller is earlier. */
  #rank(request: Request): readonly number[] {
    const { now, ageing, fairShare, reserved } = this.#options;
    const waited = ageing === undefined ? 0 : Math.floor(Math.max(0, now - request.enqueuedAt) / ageing);
    const weight = fairShare?.weights.get(request.owner) ?? 1;
    const used = fairShare === undefined ? 0 : (this.#usage.get(request.owner) ?? 0) / weight;
    const level = Math.max(request.priority, Math.min(highest, request.priority + waited));
    return [-level, request.id === reserved ? 0 : 1, used, request.enqueuedAt, request.seq];
  }
}

function before(a: readonly number[], b: readonly number[]): boolean {
  for (const [index, value] of a.entries()) {
    const other = b[index] ?? 0;
    if (value !== other) return value < other;
  }
  return false;
}

/** GPU-hours by owner: those that ended, decayed by whoever kept them, and those that run, charged for all they are expected to take. */
export function usageOf(ended: ReadonlyMap<string, number>, hosts: readonly Host[], now: number): Map<string, number> {
  const usage = new Map(ended);
  for (const { gpus, owner, since, endsAt } of hosts.flatMap((host) => host.holdings)) {
    const hours = (Math.max(endsAt, now) - since) / hour;
    usage.set(owner, (usage.get(owner) ?? 0) + Math.max(gpus.length, leastCharge) * hours);
  }
  return usage;
}
