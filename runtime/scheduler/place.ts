// Placement, decided: which waiting experiment goes where. Pure: no clock, no database.
// The rule: experiments in the order they were enqueued, each to the next free place on any live host, hosts by name;
// on a host with GPUs a place is one free GPU.

export interface HostState {
  readonly name: string;
  /** Places not taken. */
  readonly free: number;
  /** Uuids of GPUs that nobody holds; empty on a host without GPUs. */
  readonly freeGpus: readonly string[];
  readonly hasGpus: boolean;
}

export interface Assignment {
  readonly experimentId: string;
  readonly host: string;
  readonly gpus: readonly string[];
}

export function place(waiting: readonly string[], hosts: readonly HostState[]): Assignment[] {
  const places = hosts
    .toSorted((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((host) => {
      const count = host.hasGpus ? Math.min(host.free, host.freeGpus.length) : host.free;
      return Array.from({ length: Math.max(0, count) }, (_, index) => ({
        host: host.name,
        gpus: host.freeGpus.slice(index, index + 1),
      }));
    });
  return waiting.slice(0, places.length).flatMap((experimentId, index) => {
    const found = places[index];
    return found === undefined ? [] : [{ experimentId, ...found }];
  });
}
