// What the gate of POST takes and refuses, where no walk has it.

import assert from "node:assert/strict";
import { test } from "node:test";
import { newExperiment } from "../../runtime/experiment/schema.ts";

/** Where the faults are, as paths. */
function faults(more: object, docker: object = {}): string[] {
  const checked = newExperiment.safeParse({ name: "n", docker: { image: "i", ...docker }, ...more });
  return checked.error?.issues.map(({ path }) => path.join(".")) ?? [];
}

test("a host's name or label has 255 characters at most", () => {
  const long = "a".repeat(256);
  assert.deepEqual(faults({ resources: { host: long.slice(1) } }), []);
  assert.deepEqual(faults({ resources: { host: long } }), ["resources.host"]);
  assert.deepEqual(faults({ resources: { host: ["a", `rack=${long}`] } }), ["resources.host.1"]);
});

test("a size need not be a whole number of bytes", () => {
  assert.deepEqual(faults({ resources: { memory: "1.1GiB", gpu_memory: "1.005GB" } }), []);
});
