// The room on one host at one moment, and whether a request fits in it. Mutable: a pass takes from it as it goes.

import type { Gpu, Holding, Host, Refusal, Request } from "./model.ts";

/** What a request takes of a given host. */
export interface Need {
  readonly gpus: number;
  readonly cpus: number;
  readonly memoryBytes: number;
}

export function needOf(request: Request, host: Host): Need {
  const byDefault =
    host.gpus.length > 0 || request.gpuModel !== undefined || request.gpuMemoryBytes !== undefined ? 1 : 0;
  return { gpus: request.gpus ?? byDefault, cpus: request.cpus ?? 0, memoryBytes: request.memoryBytes ?? 0 };
}

export class Room {
  readonly host: Host;
  slots: number;
  cpus: number;
  memoryBytes: number;
  /** Free GPUs, smallest memory first: who asks for little leaves the large ones. */
  readonly gpus: Gpu[];

  constructor(host: Host, free: { slots: number; cpus: number; memoryBytes: number; gpus: Gpu[] }) {
    this.host = host;
    this.slots = free.slots;
    this.cpus = free.cpus;
    this.memoryBytes = free.memoryBytes;
    this.gpus = free.gpus;
  }

  /** What is left now: GPUs that are being checked are not. */
  static now(host: Host): Room {
    return Room.#left(host, host.holdings, host.checking);
  }

  /** What these holdings leave, once every GPU has been checked. */
  static beside(host: Host, holdings: readonly Holding[]): Room {
    return Room.#left(host, holdings, []);
  }

  static #left(host: Host, holdings: readonly Holding[], checking: readonly string[]): Room {
    const withheld = host.withheld.map(({ uuid }) => uuid);
    const held = new Set([...withheld, ...checking, ...holdings.flatMap((one) => one.gpus)]);
    return new Room(host, {
      slots: host.slots - holdings.length,
      cpus: holdings.reduce((left, one) => less(left, one.cpus), host.cpus),
      memoryBytes: holdings.reduce((left, one) => left - one.memoryBytes, host.memoryBytes),
      gpus: host.gpus.filter((gpu) => !held.has(gpu.uuid)).sort((a, b) => a.memoryBytes - b.memoryBytes),
    });
  }

  /** What is left in both. */
  and(other: Room): Room {
    return new Room(this.host, {
      slots: Math.min(this.slots, other.slots),
      cpus: Math.min(this.cpus, other.cpus),
      memoryBytes: Math.min(this.memoryBytes, other.memoryBytes),
      gpus: this.gpus.filter((gpu) => other.gpus.includes(gpu)),
    });
  }

  take(need: Need, gpus: readonly Gpu[]): void {
    this.slots -= 1;
    this.cpus = less(this.cpus, need.cpus);
    this.memoryBytes -= need.memoryBytes;
    for (const gpu of gpus) {
      const index = this.gpus.indexOf(gpu);
      if (index >= 0) this.gpus.splice(index, 1);
    }
  }
}

/** CPUs are asked for in parts that binary numbers do not hold: three times 0.6 would not fit into 1.8. */
function less(cpus: number, taken: number): number {
  return Math.round((cpus - taken) * 1e6) / 1e6;
}

/** The GPUs that would be granted out of a room; undefined where there are not enough that match. */
export function pick(request: Request, room: Room): Gpu[] | undefined {
  const count = needOf(request, room.host).gpus;
  if (room.gpus.length < count) return undefined;
  const chosen: Gpu[] = [];
  for (const gpu of room.gpus) {
    if (chosen.length === count) break;
    if (matches(request, gpu)) chosen.push(gpu);
  }
  return chosen.length === count ? chosen : undefined;
}

export function matches(request: Request, gpu: Gpu): boolean {
  return gpu.memoryBytes >= (request.gpuMemoryBytes ?? 0) && isModel(request, gpu);
}

function isModel({ gpuModel }: Request, gpu: Gpu): boolean {
  return gpuModel === undefined || fits(gpu.model, gpuModel, "part");
}

/** What the host lacks altogether; undefined where it could hold the request if it were empty. */
export function incapable(request: Request, host: Host): Refusal | undefined {
  if (request.hosts.length > 0 && !request.hosts.some((asked) => isHost(asked, host)))
    return { rule: "host", message: `is not among the hosts asked for (${request.hosts.join(", ")})` };
  const need = needOf(request, host);
  if (need.gpus > 0) {
    const ofModel = host.gpus.filter((gpu) => isModel(request, gpu));
    if (host.gpus.length > 0 && ofModel.length === 0)
      return { rule: "gpu_model", message: `has no GPU of the model ${request.gpuModel ?? ""}` };
    const large = ofModel.filter((gpu) => matches(request, gpu)).length;
    if (ofModel.length > 0 && large === 0) {
      const largest = Math.max(...ofModel.map((gpu) => gpu.memoryBytes));
      const asked = request.gpuMemoryBytes ?? 0;
      return { rule: "gpu_memory", message: `has no GPU with ≥ ${needed(asked)}: the largest has ${had(largest)}` };
    }
    if (large < need.gpus) return { rule: "gpus", message: `needs ${gpusOf(request, need)}, has ${large}` };
  }
  if (need.cpus > host.cpus) return { rule: "cpus", message: `needs ${need.cpus} CPUs, has ${host.cpus}` };
  if (need.memoryBytes > host.memoryBytes)
    return { rule: "memory", message: `needs ${needed(need.memoryBytes)} of memory, has ${had(host.memoryBytes)}` };
  const { cpus = Infinity, memoryBytes = Infinity } = host.most ?? {};
  if (need.cpus > cpus) return { rule: "cpus", message: `needs ${need.cpus} CPUs, gives a container at most ${cpus}` };
  if (need.memoryBytes > memoryBytes)
    return {
      rule: "memory",
      message: `needs ${needed(need.memoryBytes)} of memory, gives a container at most ${had(memoryBytes)}`,
    };
  return undefined;
}

/** What a room lacks for a request that its host is capable of. */
export function lacking(request: Request, room: Room): Refusal | undefined {
  const need = needOf(request, room.host);
  if (room.slots < 1) return { rule: "slots", message: `runs ${room.host.slots} experiments, its maximum` };
  if (pick(request, room) === undefined) {
    const free = room.gpus.filter((gpu) => matches(request, gpu)).length;
    return { rule: "free_gpus", message: `needs ${gpusOf(request, need)}, ${free} free${besides(request, room.host)}` };
  }
  if (room.cpus < need.cpus) return { rule: "free_cpus", message: `needs ${need.cpus} CPUs, ${room.cpus} free` };
  if (room.memoryBytes < need.memoryBytes)
    return {
      rule: "free_memory",
      message: `needs ${needed(need.memoryBytes)} of memory, ${had(room.memoryBytes)} free`,
    };
  return undefined;
}

/** Of the GPUs that would do, those that nobody holds and that are not granted all the same. */
function besides(request: Request, host: Host): string {
  if (host.withheld.length === 0) return "";
  const wanted = new Set(host.gpus.filter((gpu) => matches(request, gpu)).map((gpu) => gpu.uuid));
  const [first, ...others] = host.withheld.filter(({ uuid }) => wanted.has(uuid));
  if (first === undefined) return "";
  return ` (${others.length + 1} withheld${others.length === 0 ? "" : ", the first"}: ${first.reason})`;
}

function gpusOf(request: Request, need: Need): string {
  const model = request.gpuModel === undefined ? "" : ` ${request.gpuModel}`;
  const size = request.gpuMemoryBytes === undefined ? "" : ` with ≥ ${needed(request.gpuMemoryBytes)}`;
  return `${need.gpus}${model} GPU${need.gpus === 1 ? "" : "s"}${size}`;
}

/** What is there, rounded down, and what is asked for, rounded up: where one does not hold the other, the words show it. */
const had = (bytes: number): string => sized(bytes, Math.floor);
const needed = (bytes: number): string => sized(bytes, Math.ceil);

/** In the unit in which one reads it. */
function sized(bytes: number, rounded: (tenths: number) => number): string {
  if (bytes < 1024 ** 3) return `${rounded((bytes * 10) / 1024 ** 2) / 10} MiB`;
  return `${rounded((bytes * 10) / 1024 ** 3) / 10} GiB`;
}

function isHost(asked: string, host: Host): boolean {
  return asked.includes("=") ? host.labels.includes(asked) : fits(host.name, asked, "whole");
}

/** `*` is any text; without one, "part" looks anywhere in the text. No RegExp: what a user wrote may be too much for one. */
function fits(text: string, pattern: string, kind: "part" | "whole"): boolean {
  const found = text.toLowerCase();
  const [first = "", ...others] = pattern.toLowerCase().split("*");
  const last = others.pop();
  if (last === undefined) return kind === "part" ? found.includes(first) : found === first;
  if (!found.startsWith(first)) return false;
  let at = first.length;
  for (const part of others) {
    const place = found.indexOf(part, at);
    if (place < 0) return false;
    at = place + part.length;
  }
  return found.endsWith(last) && found.length - last.length >= at;
}
