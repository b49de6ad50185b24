// A host short of disk: it takes nothing and says so, and gives up images that it can have again, and no others.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { connectEngine } from "../../runtime/docker/engine.ts";
import { ensureImage } from "../../runtime/docker/images.ts";
import { publish, Registry } from "../support/registry.ts";
import { image, System } from "../support/system.ts";

const engine = connectEngine(process.env["DOCKER_HOST"]);
const { docker } = engine;
let system: System;
let registry: Registry;
before(async () => {
  system = await System.start();
  registry = await Registry.start({ login: false });
});
after(async () => {
  await registry[Symbol.asyncDispose]();
  await system[Symbol.asyncDispose]();
});

async function isHere(reference: string): Promise<boolean> {
  return docker
    .getImage(reference)
    .inspect()
    .then(
      () => true,
      () => false,
    );
}

test("short of disk: nothing is taken, in words; idle images that a registry has go, others stay; with room all is well again", async () => {
  // Images of this test alone: other tests have containers of the sample.
  const own = await Promise.all(
    ["used", "unused", "local"].map(async (name) => {
      const container = await docker.createContainer({ Image: image });
      await container.commit({ repo: "skeduler-disk", tag: name, changes: `LABEL name=${name}` });
      await container.remove();
      return `skeduler-disk:${name}`;
    }),
  );
  const [used, unused] = await Promise.all(
    own.slice(0, 2).map(async (name) => publish(docker, registry, name.replace(":", "/"), name)),
  );
  const [, , local] = own;
  assert.ok(used !== undefined && unused !== undefined && local !== undefined);
  await Promise.all(own.slice(0, 2).map(async (name) => docker.getImage(name).remove() as Promise<unknown>));
  await system.addRunner("disk");
  for (const reference of [used, local])
    assert.equal(
      (await system.ended((await system.post({ image: reference, command: "true" })).id)).status,
      "FINISHED",
    );
  await ensureImage(engine, unused, { signal: AbortSignal.timeout(60_000), onProgress: () => undefined });
  assert.ok((await isHere(used)) && (await isHere(unused)));
  await system.runners.pop()?.close();
  await system.addRunner("disk", { SKEDULER_RUNNER_MIN_FREE_DISK: "1000TiB" });
  assert.deepEqual(await Promise.all([used, unused, local].map(isHere)), [false, true, true]);
  const waiting = await system.post({ command: "true" });
  const { hosts } = (await (await system.fetch(`/experiments/${waiting.id}/placement`)).json()) as {
    hosts: { rule: string; message: string }[];
  };
  assert.equal(hosts[0]?.rule, "closed");
  assert.match(hosts[0].message, /^takes nothing: \d+\.\d GiB of disk are free in .+, less than 1024000\.0 GiB$/);
  await system.runners.pop()?.close();
  await system.addRunner("disk");
  assert.equal((await system.ended(waiting.id)).status, "FINISHED");
  await Promise.all([unused, local].map(async (name) => docker.getImage(name).remove() as Promise<unknown>));
});
