// While the canary is out, only the offering of its host waits for it. What it may see: test/walks/gpu-checks.test.ts.

import assert from "node:assert/strict";
import { once } from "node:events";
import { after, before, test } from "node:test";
import { connectEngine } from "../../runtime/docker/engine.ts";
import type { Runner } from "../../runtime/runner/start.ts";
import { image, System } from "../support/system.ts";

const { docker } = connectEngine(process.env["DOCKER_HOST"]);
/** Its nvidia-smi answers when it is told to, as slow as the pull of a large image. */
const waiting = "skeduler-canary:waits";
const script = `printf '#!/bin/sh
while [ ! -e /tmp/go ]; do sleep 0.05; done
echo "GPU 0: A100 (UUID: $NVIDIA_VISIBLE_DEVICES)"' > /bin/nvidia-smi; chmod +x /bin/nvidia-smi`;

let system: System;
before(async () => {
  process.env["STUB_GPUS"] = "0, GPU-canary-0, NVIDIA A100-SXM4-40GB, 40960";
  const container = await docker.createContainer({ Image: image, Cmd: ["sh", "-c", script] });
  await container.start();
  await container.wait();
  await container.commit({ repo: "skeduler-canary", tag: "waits" });
  await container.remove();
  system = await System.start();
});
after(async () => {
  await system[Symbol.asyncDispose]();
  await docker.getImage(waiting).remove();
});

/** The runner that is starting, and its canary's container, which runs. */
async function startWaiting(host: string): Promise<{ starting: Promise<Runner>; canary: string }> {
  const events = await docker.getEvents({ filters: { event: ["start"], image: [waiting] } });
  const starting = system.addRunner(host, {
    SKEDULER_RUNNER_CANARY_IMAGE: waiting,
    SKEDULER_RUNNER_STOP_GRACE: "1s",
  });
  starting.catch(() => undefined); // awaited by the test
  const [event] = (await once(events, "data")) as [Buffer];
  (events as NodeJS.ReadableStream & { destroy(): void }).destroy();
  return { starting, canary: (JSON.parse(event.toString()) as { id: string }).id };
}

async function heartbeats(host: string): Promise<unknown> {
  const { rows } = await system.query("select beats, pg_sleep(0.1) from skeduler.heartbeats where host = $1", [host]);
  return rows[0]?.["beats"];
}

test("the host lives meanwhile, and what runs there is looked after", async () => {
  await system.addRunner("slow");
  const resources = { gpus: 0, host: "slow" };
  const { id } = await system.postScript("echo up; sleep 600", { resources });
  await system.logged(id, "up\n");
  await system.runners.pop()?.close();

  const { starting, canary } = await startWaiting("slow");
  const beats = await heartbeats("slow");
  await system.put(id, { status: "CANCELLED" });
  await system.ended(id);
  while ((await heartbeats("slow")) === beats);
  const next = await system.postScript("true", { resources });
  const placement: unknown = await system.json(`/experiments/${next.id}/placement`);
  assert.match((placement as { message: string }).message, /slow is starting/);

  const go = await docker.getContainer(canary).exec({ Cmd: ["touch", "/tmp/go"] });
  await go.start({});
  await starting;
  assert.equal((await system.ended(next.id)).status, "FINISHED");
});

test("a runner that is replaced calls its canary back", async () => {
  const { starting, canary } = await startWaiting("replaced");
  await system.addRunner("replaced");
  await assert.rejects(starting, /Another runner has taken over/);
  await assert.rejects(docker.getContainer(canary).inspect(), /no such container/i);
});
