import assert from "node:assert/strict";
import { test } from "node:test";
import { coalesce } from "../runtime/coalesce.ts";

function harness(run: (inputs: readonly number[]) => readonly number[]) {
  const batches: number[][] = [];
  const call = coalesce<number, number>({
    limit: 10,
    parallel: 1,
    separable: () => true,
    run: async (inputs) => {
      batches.push([...inputs]);
      await new Promise(setImmediate);
      return run(inputs);
    },
  });
  return { call, batches };
}

test("what comes in one turn, and what comes while a batch is in flight, goes together, in batches up to the limit", async () => {
  const { call, batches } = harness((inputs) => inputs.map((n) => n * 2));
  const first = [call(0), call(1)];
  await new Promise(setImmediate);
  const later = Array.from({ length: 23 }, async (_, n) => call(n + 2));
  const answers = await Promise.all([...first, ...later]);
  assert.deepEqual(
    answers,
    Array.from({ length: 25 }, (_, n) => n * 2),
  );
  assert.deepEqual(
    batches.map((batch) => batch.length),
    [2, 10, 10, 3],
  );
});

test("a batch that fails is redone one by one: the bad one fails, the others do not", async () => {
  const { call } = harness((inputs) => {
    if (inputs.includes(3)) throw new Error("three");
    return inputs;
  });
  const settled = await Promise.allSettled([0, 1, 2, 3, 4].map(async (n) => call(n)));
  assert.deepEqual(
    settled.map((one) => one.status),
    ["fulfilled", "fulfilled", "fulfilled", "rejected", "fulfilled"],
  );
});
