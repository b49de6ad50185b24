// Random hosts and requests for the scheduler's properties.

import fc from "fast-check";
import type { Holding, Host, Request } from "../../runtime/scheduler/model.ts";

export const now = 1_800_000_000_000;
const gib = 1024 ** 3;

const gpus = fc.array(fc.constantFrom(16, 40, 80), { maxLength: 8 });

const host = fc
  .record({
    sizes: gpus,
    cpus: fc.integer({ min: 1, max: 16 }),
    memory: fc.integer({ min: 1, max: 64 }),
    slots: fc.integer({ min: 1, max: 10 }),
    most: fc.option(fc.record({ cpus: fc.integer({ min: 1, max: 8 }), memoryBytes: fc.constant(undefined) }), {
      freq: 4,
    }),
    checking: fc.nat({ max: 2 }),
    label: fc.constantFrom("rack=a", "rack=b"),
    closed: fc.option(fc.constant("is cordoned"), { nil: undefined, freq: 6 }),
    running: fc.array(
      fc.record({
        gpus: fc.nat({ max: 4 }),
        cpus: fc.nat({ max: 4 }),
        memory: fc.nat({ max: 16 }),
        ends: fc.integer({ min: -100, max: 5000 }),
      }),
      { maxLength: 5 },
    ),
  })
  .map((seed) => ({ ...seed, name: "" }));

export const hosts = fc.array(host, { minLength: 1, maxLength: 5 }).map((seeds) =>
  seeds.map((seed, index): Host => {
    const name = `host-${index}`;
    const all = seed.sizes.map((size, n) => ({ uuid: `${name}-gpu-${n}`, model: `M${size}`, memoryBytes: size * gib }));
    const holdings: Holding[] = [];
    let [free, cpus, memory] = [all.map((gpu) => gpu.uuid), seed.cpus, seed.memory];
    for (const one of seed.running) {
      const fits = one.gpus <= free.length && one.cpus <= cpus && one.memory <= memory && holdings.length < seed.slots;
      if (!fits) continue;
      holdings.push({
        owner: ["ada", "bo"][holdings.length % 2] ?? "",
        since: now - 60_000,
        certain: false,
        gpus: free.slice(0, one.gpus),
        cpus: one.cpus,
        memoryBytes: one.memory * gib,
        endsAt: now + one.ends * 1000,
      });
      free = free.slice(one.gpus);
      cpus -= one.cpus;
      memory -= one.memory;
    }
    return {
      name,
      labels: [seed.label],
      slots: seed.slots,
      cpus: seed.cpus,
      memoryBytes: seed.memory * gib,
      ...(seed.most !== null && { most: seed.most }),
      gpus: all,
      withheld: [],
      checking: free.slice(0, seed.checking),
      holdings,
      closed: seed.closed,
    };
  }),
);

const maybe = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> => fc.option(value, { nil: undefined });

/** What the properties do not vary. */
export const anyone = { owner: "ada", seq: 0, priority: 0, enqueuedAt: now } as const;

export const request = fc.record(
  {
    gpus: maybe(fc.nat({ max: 8 })),
    gpuModel: fc.option(fc.constantFrom("m80", "M*", "M16"), { nil: undefined, freq: 3 }),
    gpuMemoryBytes: fc.option(fc.constantFrom(20 * gib, 60 * gib), { nil: undefined, freq: 3 }),
    cpus: maybe(fc.integer({ min: 1, max: 8 })),
    memoryBytes: maybe(fc.integer({ min: 1, max: 32 }).map((n) => n * gib)),
    owner: fc.constantFrom("ada", "bo", "cy"),
    priority: fc.constant(0),
    seq: fc.constant(0),
    enqueuedAt: fc.constant(now),
    hosts: fc.oneof({ weight: 4, arbitrary: fc.constant([]) }, fc.constantFrom(["host-0"], ["rack=a"], ["host-*"])),
    timeLimit: maybe(fc.integer({ min: 1, max: 4000 }).map((s) => s * 1000)),
  },
  { noNullPrototype: true },
);

export const requests = fc
  .array(request, { minLength: 1, maxLength: 25 })
  .map((all) => all.map((one, n): Request => ({ ...one, id: `e-${n}`, seq: n, enqueuedAt: now - 1000 + n })));
