// Which GPUs a host offers, by a stub of nvidia-smi (test/support/gpu).

import assert from "node:assert/strict";
import { test } from "node:test";
import { UserError } from "../../runtime/errors.ts";
import { createLog } from "../../runtime/log.ts";
import { offeredGpus } from "../../runtime/runner/offered-gpus.ts";

const log = createLog("error");
process.env["STUB_GPUS"] = "0, GPU-a, NVIDIA A100, 40960\n1, GPU-b, NVIDIA A100, 40960\n2, GPU-c, NVIDIA A100, 40960";

async function offered(indices?: readonly number[]): Promise<string[]> {
  const gpus = await offeredGpus(indices, log);
  assert.ok(typeof gpus !== "string", "nvidia-smi failed");
  return gpus.map((gpu) => gpu.uuid);
}

test("all are offered, or those that are named", async () => {
  assert.deepEqual(await offered(), ["GPU-a", "GPU-b", "GPU-c"]);
  assert.deepEqual(await offered([2, 0]), ["GPU-a", "GPU-c"]);
  await assert.rejects(offered([3]), (error) => error instanceof UserError && /names 3, but/.test(error.message));
});

test("one in MIG mode is not offered, named or not", async () => {
  process.env["STUB_MIG"] = "GPU-b";
  assert.deepEqual(await offered(), ["GPU-a", "GPU-c"]);
  assert.deepEqual(await offered([1, 2]), ["GPU-c"]);
  delete process.env["STUB_MIG"];
});

test("where nvidia-smi fails that is said in its words; only where there is none there are no GPUs, or where none are wanted", async () => {
  process.env["STUB_BROKEN"] = import.meta.filename;
  assert.equal(await offeredGpus(undefined, log), "Failed to initialize NVML: Driver/library version mismatch");
  assert.deepEqual(await offered([]), []);
  delete process.env["STUB_BROKEN"];
  const path = process.env["PATH"] ?? "";
  process.env["PATH"] = "/nowhere";
  assert.deepEqual(await offered(), []);
  process.env["PATH"] = path;
});
