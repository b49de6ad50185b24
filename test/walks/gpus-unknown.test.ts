// A runner starts while nvidia-smi is there and fails: its host keeps the GPUs that it had and what runs on them, takes nothing, says
// why, and is in service again by itself.

import assert from "node:assert/strict";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { z } from "zod";
import { System } from "../support/system.ts";

let system: System;
before(async () => {
  system = await System.start();
  process.env["STUB_GPUS"] = "0, GPU-known, NVIDIA A100-SXM4-40GB, 40960";
  process.env["STUB_BROKEN"] = join(system.folder, "broken");
});
after(async () => {
  delete process.env["STUB_BROKEN"];
  await system[Symbol.asyncDispose]();
});

const host = z.object({ problem: z.string().nullable(), gpus: z.array(z.object({ uuid: z.string() })) });
const read = async (): Promise<z.output<typeof host>> => host.parse(await system.json("/hosts/driven"));

test("what ran goes on, nothing is lost and nothing is placed until the driver is mended", async () => {
  await system.addRunner("driven");
  const { id } = await system.postScript("echo up; trap 'exit 3' TERM; sleep 600 & wait", { resources: { gpus: 1 } });
  await system.logged(id, "up");
  await system.runners.pop()?.close();
  writeFileSync(join(system.folder, "broken"), "");
  await system.addRunner("driven", { SKEDULER_RUNNER_STOP_GRACE: "5s" });
  const { problem, gpus } = await read();
  assert.match(
    problem ?? "",
    /^takes nothing: nvidia-smi cannot tell .*Driver\/library version mismatch.*runner\.gpus/,
  );
  assert.deepEqual(gpus, [{ uuid: "GPU-known" }]);
  const next = await system.postScript("echo $NVIDIA_VISIBLE_DEVICES", { resources: { gpus: 1 } });
  const { attempt } = await system.put(id, { status: "CANCELLED" }).then(async () => system.ended(id));
  assert.equal(attempt?.result?.exit_code, 3);
  assert.equal((await system.get(next.id)).status, "ENQUEUED");
  rmSync(join(system.folder, "broken"));
  assert.equal((await system.ended(next.id)).status, "FINISHED");
  assert.equal((await system.log(next.id, "?stream=stdout")).toString(), "GPU-known\n");
  assert.equal((await read()).problem, null);
});
