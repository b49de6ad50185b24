// The rule of placement, held by properties over random hosts and lines.

import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { Pass } from "../../runtime/scheduler/pass.ts";
import { matches, needOf, pick, Room, lacking } from "../../runtime/scheduler/room.ts";
import type { Holding, Host, Request } from "../../runtime/scheduler/model.ts";
import { anyone, hosts, now, requests } from "./worlds.ts";

const options = { now, defaultExpected: 3_600_000 };
const runs = { numRuns: 4000 };

/** The holdings of a host once these were started, with the end that is certain. */
function after(host: Host, pass: Pass, line: readonly Request[]): Holding[] {
  const started = pass.assignments
    .filter((one) => one.host === host.name)
    .map((one): Holding => {
      const asked = line.find((candidate) => candidate.id === one.experimentId);
      assert.ok(asked);
      const { cpus, memoryBytes } = needOf(asked, host);
      return {
        certain: asked.timeLimit !== undefined,
        owner: asked.owner,
        since: now,
        gpus: one.gpus,
        cpus,
        memoryBytes,
        endsAt: now + (asked.timeLimit ?? Infinity),
      };
    });
  return [...host.holdings, ...started];
}

test("no GPU has two holders, nothing more than a host has is given, and only what was asked for", () => {
  fc.assert(
    fc.property(hosts, requests, (all, line) => {
      const pass = new Pass({ ...options, hosts: all });
      for (const one of line) pass.consider(one);
      for (const host of all) {
        const holdings = after(host, pass, line);
        const held = holdings.flatMap((one) => one.gpus);
        assert.equal(new Set(held).size, held.length);
        assert.ok(holdings.length <= host.slots);
        assert.ok(holdings.reduce((sum, one) => sum + one.cpus, 0) <= host.cpus);
        assert.ok(holdings.reduce((sum, one) => sum + one.memoryBytes, 0) <= host.memoryBytes);
      }
      for (const { experimentId, host: name, gpus } of pass.assignments) {
        const asked = line.find((one) => one.id === experimentId);
        const host = all.find((one) => one.name === name);
        assert.ok(asked && host && host.closed === undefined);
        assert.ok((asked.cpus ?? 0) <= (host.most?.cpus ?? Infinity));
        assert.equal(gpus.length, asked.gpus ?? (host.gpus.length > 0 ? 1 : 0));
        const granted = host.gpus.filter((gpu) => gpus.includes(gpu.uuid));
        assert.ok(granted.length === gpus.length && granted.every((gpu) => matches(asked, gpu)));
        assert.ok(asked.hosts.every((word) => word !== "host-0" || name === "host-0"));
        assert.ok(!asked.hosts.includes("rack=a") || host.labels.includes("rack=a"));
      }
    }),
    runs,
  );
});

test("CPUs in parts fill a host to its last one", () => {
  for (const [cpus, part] of [
    [3, 0.6],
    [6, 1.2],
    [12, 2.4],
    [1, 0.1],
  ] as const) {
    const count = Math.round(cpus / part);
    const nothing = { gpus: [], withheld: [], checking: [], holdings: [], closed: undefined };
    const host: Host = { ...nothing, name: "h", labels: [], slots: 100, cpus, memoryBytes: 1 };
    const line = Array.from({ length: count + 1 }, (_, seq): Request => {
      const plain = { owner: "ada", priority: 0, enqueuedAt: now, gpuModel: undefined, gpuMemoryBytes: undefined };
      return { ...plain, id: String(seq), seq, gpus: 0, cpus: part, memoryBytes: 0, hosts: [], timeLimit: undefined };
    });
    const pass = new Pass({ ...options, hosts: [host] });
    for (const one of line) pass.consider(one);
    assert.equal(pass.assignments.length, count, `${part} on ${cpus}`);
    assert.equal(Room.beside(host, after(host, pass, line)).cpus, 0);
  }
});

test("what overtakes a reservation does not delay it", () => {
  let reserved = 0;
  fc.assert(
    fc.property(hosts, requests, (all, line) => {
      const pass = new Pass({ ...options, hosts: all });
      for (const one of line) pass.consider(one);
      const { reservation } = pass;
      if (reservation === undefined) return;
      reserved++;
      const host = all.find((one) => one.name === reservation.host);
      const asked = line.find((one) => one.id === reservation.experimentId);
      assert.ok(host && asked);
      // What was considered before the reservation may stay; what came after must not be in its way.
      const earlier = new Set(line.slice(0, line.indexOf(asked)).map((one) => one.id));
      const expected = (one: Holding, id?: string): number =>
        id !== undefined && earlier.has(id) && one.endsAt === Infinity ? now + options.defaultExpected : one.endsAt;
      const ids = [
        ...host.holdings.map(() => undefined),
        ...pass.assignments.filter((one) => one.host === host.name).map((one) => one.experimentId),
      ];
      const staying = after(host, pass, line)
        .map((one, index) => ({ ...one, endsAt: expected(one, ids[index]) }))
        .map((one) => (one.endsAt > now ? one : { ...one, endsAt: now + 60_000 }))
        .filter((one) => one.endsAt > reservation.at);
      const room = Room.beside(host, staying);
      assert.equal(lacking(asked, room)?.message, undefined);
      assert.ok(reservation.gpus.every((uuid) => room.gpus.some((gpu) => gpu.uuid === uuid)));
    }),
    runs,
  );
  assert.ok(reserved > 500, `only ${reserved} worlds had a reservation`);
});

test("explain says of every host what the pass does, and the order of hosts changes nothing", () => {
  fc.assert(
    fc.property(hosts, requests, (all, line) => {
      const pass = new Pass({ ...options, hosts: all });
      const mirrored = new Pass({ ...options, hosts: all.toReversed() });
      for (const one of line) {
        const open = pass.explain(one).filter((verdict) => verdict.refusal === undefined);
        const assignment = pass.consider(one);
        assert.deepEqual(mirrored.consider(one), assignment);
        if (assignment === undefined) assert.deepEqual(open, []);
        else assert.ok(open.some((verdict) => verdict.host === assignment.host));
      }
      assert.deepEqual(mirrored.reservation, pass.reservation);
    }),
    runs,
  );
});

test("a small request packs: it takes the host that is left with the least", () => {
  const gpu = (name: string, n: number) => ({ uuid: `${name}${n}`, model: "A100", memoryBytes: 80e9 });
  const host = (name: string, free: number): Host => ({
    name,
    labels: [],
    slots: 8,
    cpus: 8,
    memoryBytes: 1e12,
    gpus: [0, 1, 2, 3].map((n) => gpu(name, n)),
    withheld: [],
    checking: [],
    holdings:
      free === 4
        ? []
        : [
            {
              owner: "bo",
              since: now,
              certain: false,
              gpus: [0, 1, 2, 3].slice(free).map((n) => `${name}${n}`),
              cpus: 0,
              memoryBytes: 0,
              endsAt: now + 1e6,
            },
          ],
    closed: undefined,
  });
  const one: Request = {
    ...anyone,
    id: "x",
    gpus: undefined,
    gpuModel: undefined,
    gpuMemoryBytes: undefined,
    cpus: undefined,
    memoryBytes: undefined,
    hosts: [],
    timeLimit: undefined,
  };
  const pass = new Pass({ ...options, hosts: [host("a", 4), host("b", 1), host("c", 2)] });
  assert.equal(pass.consider(one)?.host, "b");
  assert.equal(pass.consider({ ...one, id: "y", gpus: 4 })?.host, "a");
  assert.deepEqual(
    pass.explain({ ...one, gpus: 4 }).map((verdict) => verdict.refusal?.message),
    ["needs 4 GPUs, 0 free", "needs 4 GPUs, 0 free", "needs 4 GPUs, 2 free"],
  );
  assert.equal(pick(one, Room.beside(host("c", 2), []))?.length, 1);
});

test("who waits behind the reservation is expected to start when that has ended, or beside it", () => {
  const second = 1000;
  const host: Host = {
    name: "a",
    labels: [],
    slots: 8,
    cpus: 8,
    memoryBytes: 1e12,
    gpus: [0, 1, 2].map((n) => ({ uuid: `a${n}`, model: "A100", memoryBytes: 80e9 })),
    withheld: [],
    checking: [],
    holdings: [0, 1].map((n) => ({
      owner: "bo",
      since: now,
      certain: true,
      gpus: [`a${n}`],
      cpus: 0,
      memoryBytes: 0,
      endsAt: now + (n + 1) * 100 * second,
    })),
    closed: undefined,
  };
  const asked = (id: string, gpus: number): Request => ({
    ...anyone,
    id,
    gpus,
    gpuModel: undefined,
    gpuMemoryBytes: undefined,
    cpus: undefined,
    memoryBytes: undefined,
    hosts: [],
    timeLimit: 1000 * second,
  });
  const starts = (first: number, then: number): (number | undefined)[] => {
    const pass = new Pass({ ...options, hosts: [host] });
    const line = [asked("first", first), asked("then", then)];
    for (const one of line) assert.equal(pass.consider(one), undefined);
    return line.map((one) => pass.estimate(one)).map((at) => at && (at - now) / second);
  };
  assert.deepEqual(starts(3, 1), [200, 1200]);
  assert.deepEqual(starts(2, 2), [100, 1100]);
});
