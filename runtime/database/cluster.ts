// The hosts in the scheduler's words, read anew for each pass; remembers what cannot change, so that a pass on hundreds of
// hosts reads little more than which attempts are open. Forgets what is gone.

import { parseDuration, parseSize } from "../experiment/units.ts";
import type { Holding, Host } from "../scheduler/model.ts";
import type { Queryable } from "./pool.ts";
import { readRegistrations, readShares, type HostNow, type Registration, type Share } from "./statements/cluster.ts";

type Having = Pick<Host, "labels" | "slots" | "cpus" | "memoryBytes" | "most" | "gpus">;

export class Cluster {
  readonly #defaultExpected: number;
  /** By name and stamp. */
  #havings = new Map<string, Having>();
  /** By attempt, and whether it has started. */
  #holdings = new Map<string, Holding>();

  /** `defaultExpected`, ms, stands in for a time limit that was not given. */
  constructor(defaultExpected: number) {
    this.#defaultExpected = defaultExpected;
  }

  /** Of the hosts as they are now, all there is to know. */
  async complete(db: Queryable, hosts: readonly HostNow[]): Promise<Host[]> {
    const havings = await this.#recall(db, hosts);
    const holdings = await this.#recallHoldings(
      db,
      hosts.flatMap(({ open }) => open),
    );
    this.#havings = havings;
    this.#holdings = holdings;
    return hosts.flatMap((host): Host[] => {
      const having = havings.get(keyOf(host));
      if (having === undefined) return []; // gone meanwhile
      return [
        {
          ...having,
          name: host.name,
          withheld: host.withheld.flatMap(({ gpu, reason }) => (reason === null ? [] : [{ uuid: gpu, reason }])),
          checking: host.withheld.filter((one) => one.reason === null).map((one) => one.gpu),
          holdings: host.open.flatMap((key) => holdings.get(key) ?? []),
          closed: closedBecause(host),
        },
      ];
    });
  }

  async #recall(db: Queryable, hosts: readonly HostNow[]): Promise<Map<string, Having>> {
    const known = this.#havings; // another reading may change what is remembered meanwhile
    const unknown = hosts.filter((host) => !known.has(keyOf(host)));
    const read =
      unknown.length === 0
        ? []
        : await readRegistrations(
            db,
            unknown.map((host) => host.name),
          );
    const fresh = new Map(read.map((one) => [one.name, havingOf(one)]));
    return mapped(hosts, keyOf, (host) => known.get(keyOf(host)) ?? fresh.get(host.name));
  }

  async #recallHoldings(db: Queryable, keys: readonly string[]): Promise<Map<string, Holding>> {
    const known = this.#holdings;
    const unknown = keys.filter((key) => !known.has(key)).map(idOf);
    const read = unknown.length === 0 ? [] : await readShares(db, unknown);
    const fresh = new Map(read.map((one) => [one.id, this.#holdingOf(one)]));
    return mapped(
      keys,
      (key) => key,
      (key) => known.get(key) ?? fresh.get(idOf(key)),
    );
  }

  #holdingOf({ owner, placed_ms, gpus, resources, time_limit, since_ms, expected_ms }: Share): Holding {
    const limit = time_limit === null ? undefined : parseDuration(time_limit);
    return {
      owner,
      since: placed_ms,
      certain: time_limit !== null,
      gpus,
      cpus: resources.cpus ?? 0,
      memoryBytes: (resources.memory === undefined ? undefined : parseSize(resources.memory)) ?? 0,
      endsAt: since_ms + (limit ?? expected_ms ?? this.#defaultExpected),
    };
  }
}

const keyOf = ({ name, stamp }: HostNow): string => `${name} ${stamp}`;
const idOf = (key: string): string => key.replace("+", "");

function mapped<T, V>(all: readonly T[], key: (one: T) => string, value: (one: T) => V | undefined): Map<string, V> {
  return new Map(
    all.flatMap((one): [string, V][] => {
      const found = value(one);
      return found === undefined ? [] : [[key(one), found]];
    }),
  );
}

function havingOf({ labels, slots, cpus, memory_bytes, most_cpus, most_memory_bytes, gpus }: Registration): Having {
  return {
    labels,
    slots,
    cpus,
    memoryBytes: memory_bytes,
    most: { cpus: most_cpus ?? undefined, memoryBytes: most_memory_bytes ?? undefined },
    gpus: gpus
      .toSorted((a, b) => a.index - b.index)
      .map((gpu) => ({ uuid: gpu.uuid, model: gpu.name, memoryBytes: gpu.memoryMiB * 1024 ** 2 })),
  };
}

function closedBecause({ state, reason, problem }: HostNow): string | undefined {
  if (state !== "active") return `is ${state}${reason === null ? "" : `: ${reason}`}`;
  return problem ?? undefined;
}
