// Nobody waits for ever: the first in line starts by the time at which all that ran before it has ended, whatever keeps coming
// behind it and however wrong the guesses are. A simulation in ticks; ends are what they are, the scheduler sees guesses.

import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { Holding, Host, Request } from "../../runtime/scheduler/model.ts";
import { Pass } from "../../runtime/scheduler/pass.ts";
import { incapable, needOf } from "../../runtime/scheduler/room.ts";
import { anyone, hosts, now, request } from "./worlds.ts";

const tickMs = 30_000;

interface World {
  readonly hosts: readonly Host[];
  readonly first: Request;
  /** They come again at each tick. */
  readonly others: readonly Request[];
  /** Seconds, taken in turn by what starts. */
  readonly durations: readonly number[];
  readonly defaultExpected: number;
}

/** Throws where the first does not start in time. */
function simulate({ hosts: all, first, others, durations, defaultExpected }: World): void {
  // Actual ends differ from the guesses; those with a limit end by it.
  let running = all.flatMap((host) =>
    host.holdings.map((holding, n) => ({ host: host.name, holding, ends: now + (durations[n] ?? 1) * 1000 })),
  );
  const latest = Math.max(now, ...running.flatMap((one) => [one.ends, one.holding.endsAt])) + 120_000;
  let before: Pass["reservation"];
  for (let [time, tick] = [now, 0]; time <= latest + 60_000; time += tickMs, tick++) {
    // What was released since the last tick is still being checked at this one.
    const released = new Set(running.filter((one) => one.ends <= time).flatMap((one) => one.holding.gpus));
    running = running.filter((one) => one.ends > time);
    const current = all.map((host) => ({
      ...host,
      checking: tick === 0 ? host.checking : host.gpus.map((gpu) => gpu.uuid).filter((gpu) => released.has(gpu)),
      holdings: running.filter((one) => one.host === host.name).map((one) => one.holding),
    }));
    const pass = new Pass({ now: time, defaultExpected, hosts: current, before });
    for (const [n, one] of [
      first,
      ...others.map((other, k): Request => ({ ...other, id: `t${tick}-${k}` })),
    ].entries()) {
      const assignment = pass.consider(one);
      if (assignment === undefined) continue;
      if (one === first) return;
      const host = all.find((candidate) => candidate.name === assignment.host);
      assert.ok(host);
      const length = Math.min(one.timeLimit ?? Infinity, (durations[(tick + n) % durations.length] ?? 1) * 1000);
      const holding: Holding = {
        ...needOf(one, host),
        owner: one.owner,
        since: time,
        certain: one.timeLimit !== undefined,
        gpus: assignment.gpus,
        endsAt: time + (one.timeLimit ?? defaultExpected),
      };
      running.push({ host: host.name, holding, ends: time + length });
    }
    if (!all.some((host) => host.closed === undefined && incapable(first, host) === undefined)) return;
    assert.equal(pass.reservation?.experimentId, first.id);
    before = pass.reservation;
  }
  assert.fail("the first in line was overtaken until after all that could stand in its way had ended");
}

const seconds = (max: number): fc.Arbitrary<number[]> =>
  fc.array(fc.integer({ min: 1, max }), { minLength: 30, maxLength: 30 });

test("the first in line starts, whatever keeps coming after it", () => {
  const small = request.map((one) => ({ ...one, gpuModel: undefined, gpuMemoryBytes: undefined, hosts: [] }));
  const world = fc.record({
    hosts,
    first: request.map((one): Request => ({ ...one, id: "first" })),
    others: fc.array(
      small.map((one): Request => ({ ...one, id: "" })),
      { minLength: 1, maxLength: 10 },
    ),
    durations: seconds(9000),
    defaultExpected: fc.constant(3_600_000),
  });
  fc.assert(fc.property(world, simulate), { numRuns: 1500 });
});

/** Two to three equal hosts, each with something that runs on all GPUs but one, and guesses that are mostly wrong. */
const alike = fc
  .record({
    count: fc.integer({ min: 2, max: 3 }),
    gpus: fc.integer({ min: 2, max: 3 }),
    guesses: seconds(1500),
    durations: seconds(3000),
    expected: fc.integer({ min: 120, max: 900 }),
    others: fc.array(fc.option(fc.integer({ min: 30, max: 900 }), { nil: undefined }), { minLength: 1, maxLength: 4 }),
  })
  .map(({ count, gpus, guesses, durations, expected, others }): World => {
    const none = { gpuModel: undefined, gpuMemoryBytes: undefined, cpus: undefined, memoryBytes: undefined, hosts: [] };
    const asked = (id: string, wanted: number, timeLimit: number | undefined): Request => ({
      ...anyone,
      ...none,
      id,
      gpus: wanted,
      timeLimit,
    });
    const made = Array.from({ length: count }, (_, h): Host => {
      const uuids = Array.from({ length: gpus }, (__, n) => `${h}-${n}`);
      const holdings = uuids.slice(1).map((gpu, n): Holding => ({
        owner: "bo",
        since: now - 60_000,
        certain: false,
        gpus: [gpu],
        cpus: 0,
        memoryBytes: 0,
        endsAt: now + (guesses[h * gpus + n] ?? 1) * 1000,
      }));
      return {
        name: `host-${h}`,
        labels: [],
        slots: 8,
        cpus: 8,
        memoryBytes: 1,
        gpus: uuids.map((uuid) => ({ uuid, model: "M", memoryBytes: 1 })),
        withheld: [],
        checking: [],
        holdings,
        closed: undefined,
      };
    });
    return {
      hosts: made,
      first: asked("first", gpus, undefined),
      others: others.map((limit) => asked("", 1, limit === undefined ? undefined : limit * 1000)),
      durations,
      defaultExpected: expected * 1000,
    };
  });

test("it keeps its host: guesses that make another one look sooner, again and again, do not let others overtake it", () => {
  fc.assert(fc.property(alike, simulate), { numRuns: 1000 });
});
