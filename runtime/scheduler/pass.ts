// One pass of placement: requests are considered in order, each starts or waits; the first that waits gets the one
// reservation, and what comes after may overtake it only where that does not delay it. Pure: no clock, no database.
// The rule, in words and with examples, is docs/scheduling.md; test/scheduler/ holds it by properties.

import type { Assignment, Holding, Host, Refusal, Request, Reservation } from "./model.ts";
import { aCheck, reserve } from "./reserve.ts";
import { incapable, lacking, needOf, pick, Room } from "./room.ts";

/** One that has outlived its guess is expected to go on for this long, ms. */
const overdue = 60_000;

export interface PassOptions {
  readonly hosts: readonly Host[];
  /** Ms since the epoch. */
  readonly now: number;
  /** What a request without a time limit is expected to take, ms: for estimates alone. */
  readonly defaultExpected: number;
  /** GPUs that an owner may hold at once; undefined: any number. */
  readonly quota?: ((owner: string) => number | undefined) | undefined;
  /** The reservation that the last pass made. */
  readonly before?: Pick<Reservation, "experimentId" | "host"> | undefined;
}

export interface Verdict {
  readonly host: string;
  /** Undefined: it would start there. */
  readonly refusal: Refusal | undefined;
}

export class Pass {
  readonly assignments: Assignment[] = [];
  readonly #options: PassOptions;
  readonly #rooms: Map<string, Room>;
  /** What runs, and what this pass started. */
  readonly #holdings: Map<string, Holding[]>;
  /** GPUs in use, by owner. */
  readonly #inUse = new Map<string, number>();
  #reservation: Reservation | undefined;
  /** The reserved host as it will be at the reservation's time, without what the reservation takes. */
  #beside: Room | undefined;
  /** What the reservation will hold there, and until when: for estimates alone. */
  #awaited: Holding | undefined;
  /** Shapes that found no place: room only shrinks within a pass, so the next of the same shape need not look. */
  readonly #hopeless = new Set<string>();
  readonly #capable = new Map<string, Map<Room, boolean>>();

  constructor(options: PassOptions) {
    const { now } = options;
    const awaited = (one: Holding): Holding => (one.endsAt > now ? one : { ...one, endsAt: now + overdue });
    const hosts = options.hosts
      .map((host) => ({ ...host, holdings: host.holdings.map(awaited) }))
      .sort((a, b) => (a.name < b.name ? -1 : 1));
    this.#options = { ...options, hosts };
    const open = hosts.filter((host) => host.closed === undefined);
    this.#rooms = new Map(open.map((host) => [host.name, Room.now(host)]));
    this.#holdings = new Map(hosts.map((host) => [host.name, [...host.holdings]]));
    for (const one of hosts.flatMap((host) => host.holdings)) this.#use(one.owner, one.gpus.length);
  }

  get reservation(): Reservation | undefined {
    return this.#reservation;
  }

  /** No host has a place left: nothing more can start in this pass. */
  get full(): boolean {
    return ![...this.#rooms.values()].some((room) => room.slots > 0);
  }

  /** Starts the request where it fits best; undefined where it has to wait. */
  consider(request: Request): Assignment | undefined {
    const shape = `${shapeOf(request)} ${request.timeLimit ?? ""} ${this.#options.quota?.(request.owner) === undefined ? "" : request.owner}`;
    const place = this.#hopeless.has(shape) ? undefined : this.#best(request);
    if (place === undefined) {
      this.#hopeless.add(shape);
      if (this.#reservation === undefined) this.#hold(request);
      return undefined;
    }
    const { host } = place;
    const gpus = pick(request, this.#within(request, place)) ?? [];
    const need = needOf(request, host);
    place.take(need, gpus);
    if (host.name === this.#reservation?.host && !this.#endsBefore(request, this.#reservation.at))
      this.#beside?.take(need, gpus);
    const assignment = { experimentId: request.id, host: host.name, gpus: gpus.map((gpu) => gpu.uuid) };
    const endsAt = this.#options.now + (request.timeLimit ?? this.#options.defaultExpected);
    const { owner } = request;
    this.#holdings.get(host.name)?.push({
      ...need,
      gpus: assignment.gpus,
      owner,
      since: this.#options.now,
      endsAt,
      certain: request.timeLimit !== undefined,
    });
    this.#use(owner, gpus.length);
    this.assignments.push(assignment);
    return assignment;
  }

  /** What each host says of a request, after those considered so far. */
  explain(request: Request): Verdict[] {
    return this.#options.hosts.map((host) => {
      const never = incapable(request, host);
      if (never !== undefined) return { host: host.name, refusal: never };
      if (host.closed !== undefined) return { host: host.name, refusal: { rule: "closed", message: host.closed } };
      const room = this.#rooms.get(host.name);
      return { host: host.name, refusal: this.#overQuota(request, host) ?? (room && this.#refusal(request, room)) };
    });
  }

  /** When a request would start if only the reservation came before it, ms since the epoch; undefined: never on these hosts. */
  estimate(request: Request): number | undefined {
    const reservation = this.#reservation;
    if (reservation?.experimentId === request.id) return reservation.at;
    const hosts = this.#hostsFor(request).map((host) => {
      if (this.#awaited === undefined || host.name !== reservation?.host) return host;
      return { ...host, holdings: [...host.holdings, this.#awaited] };
    });
    return reserve(request, hosts, { now: this.#options.now })?.at;
  }

  /** The host that is left with the least: GPUs above all, so that large requests keep finding room. */
  #best(request: Request): Room | undefined {
    let best: { room: Room; cost: number } | undefined;
    const shape = shapeOf(request);
    for (const room of this.#rooms.values()) {
      const need = needOf(request, room.host);
      if (room.slots < 1 || room.gpus.length < need.gpus || room.cpus < need.cpus) continue; // most, without words
      if (!this.#isCapable(request, shape, room)) continue;
      if (this.#overQuota(request, room.host) !== undefined || this.#refusal(request, room) !== undefined) continue;
      const cost = this.#cost(request, room);
      if (best === undefined || cost < best.cost) best = { room, cost };
    }
    return best?.room;
  }

  #isCapable(request: Request, shape: string, room: Room): boolean {
    const ofShape = this.#capable.get(shape) ?? new Map<Room, boolean>();
    this.#capable.set(shape, ofShape);
    const known = ofShape.get(room) ?? incapable(request, room.host) === undefined;
    ofShape.set(room, known);
    return known;
  }

  #cost(request: Request, room: Room): number {
    const need = needOf(request, room.host);
    const wasted = need.gpus === 0 ? room.host.gpus.length : 0; // an experiment without GPUs keeps off the hosts that have some
    const size = (room.gpus[0]?.memoryBytes ?? 0) / 1024 ** 3;
    return wasted * 1e9 + Math.floor(size) * 1e5 + (room.gpus.length - need.gpus) * 100 + Math.min(99, room.cpus / 16);
  }

  #use(owner: string, gpus: number): void {
    this.#inUse.set(owner, (this.#inUse.get(owner) ?? 0) + gpus);
  }

  #overQuota(request: Request, host: Host): Refusal | undefined {
    const quota = this.#options.quota?.(request.owner);
    const need = needOf(request, host).gpus;
    const used = this.#inUse.get(request.owner) ?? 0;
    if (quota === undefined || need === 0 || used + need <= quota) return undefined;
    return {
      rule: "quota",
      message: `needs ${need} of the GPUs of ${request.owner}, who holds ${used} and may hold ${quota}`,
    };
  }

  #refusal(request: Request, room: Room): Refusal | undefined {
    const refusal = lacking(request, room);
    const reservation = this.#reservation;
    if (refusal !== undefined || reservation?.host !== room.host.name) return refusal;
    const besides = lacking(request, this.#within(request, room));
    if (besides === undefined) return undefined;
    const when = new Date(reservation.at).toISOString().slice(11, 16);
    return {
      rule: "reserved",
      message: `${besides.message} beside the place reserved for ${reservation.experimentId} from about ${when} UTC`,
    };
  }

  /** The part of a room that the request may use: all of it, save where a reservation would be delayed. */
  #within(request: Request, room: Room): Room {
    const reservation = this.#reservation;
    if (this.#beside === undefined || reservation?.host !== room.host.name) return room;
    return this.#endsBefore(request, reservation.at) ? room : room.and(this.#beside);
  }

  /** Its GPUs are free, and have been checked, by then. */
  #endsBefore(request: Request, at: number): boolean {
    return request.timeLimit !== undefined && this.#options.now + request.timeLimit + aCheck <= at;
  }

  #hold(request: Request): void {
    const { now, before } = this.#options;
    const hosts = this.#hostsFor(request);
    const reservation = reserve(request, hosts, { now, before });
    const host = hosts.find((one) => one.name === reservation?.host);
    if (reservation === undefined || host === undefined) return; // nowhere, or over its owner's quota: it holds up nobody
    // A guess may be wrong: what may stay longer is counted as staying, or what is let in beside it could be in the way.
    const staying = host.holdings.filter((one) => !one.certain || one.endsAt > reservation.at);
    const beside = Room.beside(host, staying);
    beside.take(
      needOf(request, host),
      beside.gpus.filter((gpu) => reservation.gpus.includes(gpu.uuid)),
    );
    beside.cpus = Math.max(0, beside.cpus); // who asks for none of what is short takes none of it
    beside.memoryBytes = Math.max(0, beside.memoryBytes);
    this.#reservation = reservation;
    this.#beside = beside;
    this.#awaited = {
      ...needOf(request, host),
      gpus: reservation.gpus,
      owner: request.owner,
      since: reservation.at,
      certain: false,
      endsAt: reservation.at + (request.timeLimit ?? this.#options.defaultExpected),
    };
  }

  /** Where it could be reserved for, as things are now. */
  #hostsFor(request: Request): Host[] {
    return this.#options.hosts
      .filter((host) => this.#overQuota(request, host) === undefined)
      .map((host) => ({ ...host, holdings: this.#holdings.get(host.name) ?? [] }));
  }
}

/** Requests of one shape fit the same hosts. */
function shapeOf(request: Request): string {
  const { gpus, gpuModel, gpuMemoryBytes, cpus, memoryBytes, hosts } = request;
  return JSON.stringify([gpus, gpuModel, gpuMemoryBytes, cpus, memoryBytes, hosts]);
}
