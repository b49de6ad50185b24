// The line: whose turn it is. By priority; then, where that is switched on, the owner who has used the least of its fair
// share; then by age. Ageing raises a priority by one for each so long that was waited. Pure, like all of this folder.
// It is made of queues of requests that are alike: where the first has to wait, so do those behind it, and are not looked at.

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

/** What decides whose turn it is. */
type Standing = Pick<Request, "id" | "owner" | "priority" | "enqueuedAt" | "seq">;

/** How many of one owner and priority wait, or, with ageing, of those that have waited equally long; one of them for all. */
export interface Crowd extends Pick<Request, "owner" | "priority" | "enqueuedAt"> {
  readonly count: number;
  /** Of these, those that came before the one asked for. */
  readonly older: number;
}

interface Queue {
  readonly key: string;
  /** By age. */
  readonly requests: Request[];
  /** Nothing of this queue is still to come. */
  whole: boolean;
}

interface Turn {
  readonly queue: Queue;
  readonly head: Request;
  rank: readonly number[];
}

export class Line {
  readonly #options: LineOptions;
  readonly #usage: Map<string, number>;
  readonly #queues = new Map<string, Queue>();
  readonly #seen = new Set<string>();
  /** The queues in turn, the next one last; undefined where that has to be found out anew. */
  #turns: Turn[] | undefined;

  constructor(options: LineOptions) {
    this.#options = options;
    this.#usage = new Map(options.fairShare?.usage);
  }

  /** Puts requests that are alike, by age, behind those of the same key; `whole`: no more of them are to come. */
  add(key: string, requests: readonly Request[], whole: boolean): void {
    const queue = this.#queues.get(key) ?? { key, requests: [], whole };
    queue.whole = whole;
    for (const request of requests) {
      if (this.#seen.has(request.id)) continue;
      this.#seen.add(request.id);
      queue.requests.push(request);
    }
    if (queue.requests.length > 0) this.#queues.set(key, queue);
    this.#turns = undefined;
  }

  /** Takes the next out of the line; undefined where nobody is left. It is then `placed`, or `waits`. */
  next(): Request | undefined {
    this.#turns ??= this.#inTurn();
    return this.#turns.at(-1)?.head;
  }

  /**
   * The one that `next` gave has started: its owner is charged from here on, and the one behind it is looked at. Answers the
   * key of its queue where that ran dry but is not whole: more of it is to be added before the next turn.
   */
  placed(request: Request, gpus: number): string | undefined {
    const { fairShare, defaultExpected } = this.#options;
    const turns = this.#turns ?? [];
    const queue = turns.pop()?.queue;
    if (queue?.requests.shift() !== request) throw new Error("it was not this one's turn");
    const hours = (request.timeLimit ?? defaultExpected) / hour;
    this.#usage.set(request.owner, (this.#usage.get(request.owner) ?? 0) + Math.max(gpus, leastCharge) * hours);
    const [head] = queue.requests;
    if (head !== undefined) turns.push({ queue, head, rank: this.#rank(head) });
    else this.#queues.delete(queue.key);
    if (fairShare !== undefined)
      for (const turn of turns) if (turn.head.owner === request.owner) turn.rank = this.#rank(turn.head);
    turns.sort(lastFirst);
    return head === undefined && !queue.whole ? queue.key : undefined;
  }

  /** The one that `next` gave has to wait: so do those behind it. */
  waits(): void {
    const turn = this.#turns?.pop();
    if (turn !== undefined) this.#queues.delete(turn.queue.key);
  }

  /** How many of these come before a request, as things are now. `reserved`: what holds the reservation, if another does. */
  ahead(asked: Request, crowds: readonly Crowd[], reserved: Request | undefined): number {
    const [level = 0, first = 0, used = 0] = this.#rank(asked);
    let ahead = 0;
    for (const crowd of crowds) {
      const [theirs = 0, , theirUse = 0] = this.#rank({ id: "", seq: 0, ...crowd });
      if (theirs !== level) ahead += theirs < level ? crowd.count : 0;
      else if (first === 0) continue;
      else if (theirUse !== used) ahead += theirUse < used ? crowd.count : 0;
      else ahead += crowd.older;
    }
    if (reserved === undefined || first === 0) return ahead;
    // It goes first within its level, though its crowd may stand behind.
    const [itsLevel = 0, , itsUse = 0, ...itsAge] = this.#rank(reserved);
    const counted = before([itsUse, ...itsAge], [used, asked.enqueuedAt, asked.seq]);
    return itsLevel === level && !counted ? ahead + 1 : ahead;
  }

  #inTurn(): Turn[] {
    const turns: Turn[] = [];
    for (const queue of this.#queues.values()) {
      const [head] = queue.requests;
      if (head !== undefined) turns.push({ queue, head, rank: this.#rank(head) });
    }
    return turns.sort(lastFirst);
  }

  /** Smaller is earlier. */
  #rank({ id, owner, priority, enqueuedAt, seq }: Standing): readonly number[] {
    const { now, ageing, fairShare, reserved } = this.#options;
    const waited = ageing === undefined ? 0 : Math.floor(Math.max(0, now - enqueuedAt) / ageing);
    const weight = fairShare?.weights.get(owner) ?? 1;
    const used = fairShare === undefined ? 0 : (this.#usage.get(owner) ?? 0) / weight;
    const level = Math.max(priority, Math.min(highest, priority + waited));
    return [-level, id === reserved ? 0 : 1, used, enqueuedAt, seq];
  }
}

const lastFirst = (a: Turn, b: Turn): number => (before(a.rank, b.rank) ? 1 : -1);

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
