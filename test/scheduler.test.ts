import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { place, type HostState } from "../runtime/scheduler/place.ts";

const host = fc
  .record({
    name: fc.string({ minLength: 1 }),
    free: fc.integer({ min: -2, max: 5 }),
    gpus: fc.nat({ max: 4 }),
    hasGpus: fc.boolean(),
  })
  .map(({ name, free, gpus, hasGpus }): HostState => {
    const freeGpus = hasGpus ? Array.from({ length: gpus }, (_, n) => `${name}-${n}`) : [];
    return { name, free, freeGpus, hasGpus };
  });
const hosts = fc.uniqueArray(host, { selector: ({ name }) => name, maxLength: 6 });
const waiting = fc.uniqueArray(fc.uuid(), { maxLength: 20 });

test("never more than a host's places, never a GPU twice, in the order enqueued, none left idle while one waits", () => {
  fc.assert(
    fc.property(waiting, hosts, (ids, all) => {
      const assigned = place(ids, all);
      assert.deepEqual(
        assigned.map((a) => a.experimentId),
        ids.slice(0, assigned.length),
      );
      const gpus = assigned.flatMap((a) => a.gpus);
      assert.equal(new Set(gpus).size, gpus.length);
      let room = 0;
      for (const one of all) {
        const here = assigned.filter((a) => a.host === one.name);
        const places = Math.max(0, one.hasGpus ? Math.min(one.free, one.freeGpus.length) : one.free);
        assert.ok(here.length <= places);
        for (const a of here) assert.equal(a.gpus.length, one.hasGpus ? 1 : 0);
        room += places;
      }
      assert.equal(assigned.length, Math.min(room, ids.length));
    }),
    { numRuns: 2000 },
  );
});
