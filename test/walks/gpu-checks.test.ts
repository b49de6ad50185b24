// A GPU is granted again only when it is clean: what an experiment, or anybody, leaves on it is seen, said, and waited for.

import assert from "node:assert/strict";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { z } from "zod";
import { connectEngine } from "../../runtime/docker/engine.ts";
import { image, System } from "../support/system.ts";

let system: System;
let use: string;
before(async () => {
  system = await System.start();
  use = join(system.folder, "use");
  process.env["STUB_GPU_USE"] = use;
  process.env["STUB_GPUS"] = [0, 1].map((n) => `${n}, GPU-clean-${n}, NVIDIA A100-SXM4-40GB, 40960`).join("\n");
});
after(async () => {
  delete process.env["STUB_GPU_USE"];
  await system[Symbol.asyncDispose]();
});

const host = z.object({
  gpus: z.array(z.object({ uuid: z.string(), withheld: z.string().nullable(), withheld_since: z.string().nullable() })),
});

async function withheld(): Promise<(string | null)[]> {
  return host.parse(await system.json("/hosts/clean")).gpus.map((gpu) => gpu.withheld);
}

/** Resolves when an event of the host says so. */
async function event(kind: string, gpu: string): Promise<void> {
  for (;;) {
    const { rows } = await system.query(
      "select exists (select from skeduler.events where kind = $1 and detail ->> 'gpu' = $2) as so, pg_sleep(0.1)",
      [kind, gpu],
    );
    if (rows[0]?.["so"] === true) return;
  }
}

test("a process that was there before the runner keeps its GPU out; the other is granted", async () => {
  writeFileSync(`${use}.apps`, "GPU-clean-0, 4711, python, 900\n");
  await system.addRunner("clean", { SKEDULER_RUNNER_SLOTS: "4", SKEDULER_RUNNER_STOP_GRACE: "1s" });
  await event("gpu_dirty", "GPU-clean-0");
  const one = await system.postScript("echo $NVIDIA_VISIBLE_DEVICES", { resources: { gpus: 1 } });
  await system.ended(one.id);
  assert.equal((await system.log(one.id, "?stream=stdout")).toString(), "GPU-clean-1\n");
  assert.equal((await withheld())[0], "process 4711 (python) is still on it");
});

test("it is looked at again, and granted when it is clean", async () => {
  const both = await system.postScript("echo $NVIDIA_VISIBLE_DEVICES", { resources: { gpus: 2 } });
  assert.equal((await system.get(both.id)).status, "ENQUEUED");
  while ((await withheld())[1] !== null) await system.query("select pg_sleep(0.1)"); // before it was looked at it is not free either
  const { message } = (await system.json(`/experiments/${both.id}/placement`)) as unknown as { message: string };
  assert.equal(
    message,
    "No host that could run it can take it now: clean needs 2 GPUs, 1 free (1 withheld: process 4711 (python) is still on it).",
  );
  rmSync(`${use}.apps`);
  assert.equal((await system.ended(both.id)).status, "FINISHED");
  await event("gpu_clean", "GPU-clean-0");
  assert.equal((await system.log(both.id, "?stream=stdout")).toString(), "GPU-clean-0,GPU-clean-1\n");
});

test("memory that an ended experiment left behind keeps its GPU out, and says so", async () => {
  const { id } = await system.postScript("echo $NVIDIA_VISIBLE_DEVICES; sleep 1", { resources: { gpus: 1 } });
  await system.until(id, async () => (await system.log(id, "?stream=stdout")).length > 0);
  const gpu = (await system.log(id, "?stream=stdout")).toString().trim();
  writeFileSync(`${use}.memory`, `${gpu}, 2048\n`);
  await system.ended(id);
  await event("gpu_dirty", gpu);
  assert.ok((await withheld()).includes("2048 MiB of its memory are held by nobody known"));
  const next = await system.postScript("echo $NVIDIA_VISIBLE_DEVICES", { resources: { gpus: 1 } });
  await system.ended(next.id);
  assert.notEqual((await system.log(next.id, "?stream=stdout")).toString().trim(), gpu);
  rmSync(`${use}.memory`);
});

test("the canary: a container that sees more than its GPU keeps the runner from starting; one that cannot be tried does not", async () => {
  const { docker } = connectEngine(process.env["DOCKER_HOST"]);
  const make = async (name: string, sees: string): Promise<string> => {
    const script = `printf '#!/bin/sh\\necho "GPU 0: A100 (UUID: ${sees})"\\n' > /bin/nvidia-smi; chmod +x /bin/nvidia-smi`;
    const container = await docker.createContainer({ Image: image, Cmd: ["sh", "-c", script] });
    await container.start();
    await container.wait();
    await container.commit({ repo: "skeduler-canary", tag: name });
    await container.remove();
    return `skeduler-canary:${name}`;
  };
  const [good, bad] = [
    await make("good", "$NVIDIA_VISIBLE_DEVICES"),
    await make("bad", "GPU-clean-0) (UUID: GPU-clean-1"),
  ];
  const start = async (canary: string): Promise<void> => {
    await system.addRunner("canary", { SKEDULER_RUNNER_CANARY_IMAGE: canary });
    await system.runners.pop()?.close();
  };
  await assert.rejects(
    start(bad),
    /^UserError: A container that was given the GPU GPU-clean-0 sees GPU-clean-0, GPU-clean-1: /,
  );
  await start(good);
  await start(image); // has no nvidia-smi
  await Promise.all([good, bad].map(async (name) => docker.getImage(name).remove() as Promise<unknown>));
  assert.deepEqual(await docker.listContainers({ all: true, filters: { label: ["skeduler.host=canary"] } }), []);
});
