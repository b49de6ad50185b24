// Which host's name and which GPU's model a pattern means, held against the RegExp that it would be; and what a host says it lacks.

import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { incapable, lacking, matches, Room } from "../../runtime/scheduler/room.ts";
import type { Host, Request } from "../../runtime/scheduler/model.ts";

const host = (name: string): Host => ({
  name,
  labels: ["rack=a"],
  slots: 1,
  cpus: 1,
  memoryBytes: 0,
  closed: undefined,
  gpus: [],
  withheld: [],
  checking: [],
  holdings: [],
});
const asks = (more: Partial<Request>): Request => ({
  id: "x",
  owner: "ada",
  priority: 0,
  enqueuedAt: 0,
  seq: 0,
  hosts: [],
  gpus: 0,
  gpuModel: undefined,
  gpuMemoryBytes: undefined,
  cpus: undefined,
  memoryBytes: undefined,
  timeLimit: undefined,
  ...more,
});
const isHost = (name: string, pattern: string): boolean =>
  incapable(asks({ hosts: [pattern] }), host(name)) === undefined;
const isModel = (model: string, pattern: string): boolean =>
  matches(asks({ gpuModel: pattern }), { uuid: "", model, memoryBytes: 0 });

test("* is any text, case does not count, and of a model a part is enough", () => {
  const words = fc.string({ unit: fc.constantFrom("a", "B", ".", "-"), maxLength: 8 });
  const patterns = fc.string({ unit: fc.constantFrom("a", "b", ".", "*", "*"), maxLength: 6 });
  fc.assert(
    fc.property(words, patterns, (text, pattern) => {
      const source = pattern.replaceAll(".", "\\.").replaceAll("*", ".*");
      const whole = new RegExp(`^${source}$`, "i").test(text);
      assert.equal(isHost(text, pattern), whole);
      assert.equal(isModel(text, pattern), pattern.includes("*") ? whole : new RegExp(source, "i").test(text));
    }),
    { numRuns: 5000 },
  );
  assert.ok(isHost("gpu-07", "gpu-*") && isModel("NVIDIA A100-SXM4-80GB", "a100") && !isHost("gpu-07", "gpu"));
});

test("a pattern of any length is an answer in no time", () => {
  for (const pattern of ["a".repeat(1_000_000), "*".repeat(1_000_000), "a*".repeat(500_000)])
    assert.equal(isHost("a".repeat(255), pattern), pattern.startsWith("**"));
});

const mib = 1024 ** 2;
const h100 = { uuid: "GPU-0", model: "NVIDIA H100 80GB HBM3", memoryBytes: 81_559 * mib };

test("what is too large is told beside what there is: the first rounded up, the second down", () => {
  const one: Host = { ...host("vm"), cpus: 8, memoryBytes: 64 * 1024 * mib - 1, gpus: [h100] };
  const says = (more: Partial<Request>): string | undefined => incapable(asks({ gpus: 1, ...more }), one)?.message;
  assert.equal(says({ gpuMemoryBytes: 80 * 1024 * mib }), "has no GPU with ≥ 80 GiB: the largest has 79.6 GiB");
  assert.equal(says({ gpuMemoryBytes: h100.memoryBytes + 1 }), "has no GPU with ≥ 79.7 GiB: the largest has 79.6 GiB");
  assert.equal(says({ gpuMemoryBytes: 80e9 }), undefined);
  assert.equal(says({ memoryBytes: 64 * 1024 * mib }), "needs 64 GiB of memory, has 63.9 GiB");
  const small = { ...h100, uuid: "GPU-1", memoryBytes: 16_384 * mib };
  const two = { ...one, gpus: [h100, small] };
  assert.equal(incapable(asks({ gpus: 2, gpuMemoryBytes: 80e9 }), two)?.message, "needs 2 GPUs with ≥ 74.6 GiB, has 1");
});

test("who waits for GPUs that are withheld is told so, and why", () => {
  const reason = "process 2280 (/opt/spin) is still on it";
  const large = { ...h100, uuid: "GPU-1", memoryBytes: 2 * h100.memoryBytes };
  const two: Host = { ...host("vm"), gpus: [h100, large], withheld: [{ uuid: "GPU-0", reason }] };
  const says = (more: Partial<Request>, one: Host): string | undefined =>
    lacking(asks({ gpus: 1, ...more }), Room.now(one))?.message;
  assert.equal(says({ gpus: 2 }, two), `needs 2 GPUs, 1 free (1 withheld: ${reason})`);
  const both: Host = {
    ...two,
    withheld: [{ uuid: "GPU-1", reason: "nvidia-smi failed: no devices" }, ...two.withheld],
  };
  assert.equal(says({}, both), "needs 1 GPU, 0 free (2 withheld, the first: nvidia-smi failed: no devices)");
  const asked = { gpuMemoryBytes: large.memoryBytes };
  const holding = { owner: "ada", since: 0, gpus: ["GPU-1"], cpus: 0, memoryBytes: 0, endsAt: 1, certain: true };
  const taken: Host = { ...two, slots: 2, holdings: [holding] };
  assert.equal(says(asked, taken), "needs 1 GPU with ≥ 159.3 GiB, 0 free"); // the one withheld would not do
});
