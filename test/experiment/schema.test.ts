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

test("a volume, a secret's name and an image's have a length that a sentence about them can bear", () => {
  const volume = (length: number): string => `/a:/${"b".repeat(length - 4)}`;
  assert.deepEqual(faults({}, { volumes: [volume(4096)], environment: { A: { secret: "s".repeat(4096) } } }), []);
  assert.deepEqual(faults({}, { volumes: [volume(4097)] }), ["docker.volumes.0"]);
  assert.deepEqual(faults({}, { environment: { A: { secret: "s".repeat(4097) } } }), ["docker.environment.A.secret"]);
  assert.deepEqual(faults({}, { image: "i".repeat(1000) }), []);
  assert.deepEqual(faults({}, { image: "i".repeat(1001) }), ["docker.image"]);
});
