// What a container may do, on the real Engine: mounts, secrets, limits and images under a host's policy, and a host short of disk.

import assert from "node:assert/strict";
import { chmodSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { connectEngine } from "../../runtime/docker/engine.ts";
import { image, System, type Experiment } from "../support/system.ts";

let system: System;
let data: string;
const here = { resources: { host: "strict" } };

before(async () => {
  system = await System.start();
  data = join(system.folder, "data");
  mkdirSync(join(data, "open"), { recursive: true });
  mkdirSync(join(system.folder, "private"));
  writeFileSync(join(data, "words"), "from the host\n");
  writeFileSync(join(system.folder, "private", "key"), "not yours\n");
  symlinkSync(join(system.folder, "private"), join(data, "way-out"));
  symlinkSync(join(data, "words"), join(data, "way-in"));
  const secrets = join(system.folder, "secrets.yaml");
  writeFileSync(secrets, "WANDB_KEY: s3cr3t-value\n", { mode: 0o600 });
  await system.addRunner("strict", {
    SKEDULER_CONTAINER_IMAGES: "skeduler-sample:*,lab/**",
    SKEDULER_CONTAINER_MOUNTS: `${data},${join(data, "open")}:rw,/run,/var/run`,
    SKEDULER_CONTAINER_MAX_MEMORY: "64MiB",
    SKEDULER_CONTAINER_MAX_CPUS: "1",
    SKEDULER_CONTAINER_MAX_SHM_SIZE: "32MiB",
    SKEDULER_CONTAINER_PIDS_LIMIT: "50",
    SKEDULER_RUNNER_SECRETS: secrets,
  });
});
after(async () => system[Symbol.asyncDispose]());

async function run(docker: object, script = "true"): Promise<Experiment> {
  const { id } = await system.post({ command: `sh -c '${script}'`, ...docker }, here);
  return system.ended(id);
}

async function refused(docker: object, says: RegExp): Promise<void> {
  const done = await run(docker);
  assert.equal(done.status, "CANCELLED");
  assert.equal(done.result?.reason, "policy");
  assert.match(done.result.message, says);
}

const output = async (id: string): Promise<string> => (await system.log(id, "?stream=stdout,stderr")).toString();

test("entrypoint, workdir, user and volumes act, and are shown back", async () => {
  const docker = {
    entrypoint: "sh -c",
    command: "'id -u; pwd; cat /data/words /in; touch /open/made || echo no; touch /data/made || echo no'",
    workdir: "/tmp",
    user: "0:0",
    volumes: [`${data}:/data`, `${data}/way-in:/in`, `${join(data, "open")}:/open:rw`],
  };
  const { id } = await system.post(docker, here);
  const done = await system.ended(id);
  const text = await output(id);
  assert.equal((await system.log(id, "?stream=stdout")).toString(), "0\n/tmp\nfrom the host\nfrom the host\nno\n");
  assert.match(text, /Read-only file system/);
  assert.equal(readFileSync(join(data, "open", "made"), "utf8"), "");
  assert.deepEqual(done.docker, { image, environment: {}, ...docker });
});

test("what was not set is not shown, and a change of what was set is refused", async () => {
  const plain = await run({});
  assert.deepEqual(Object.keys(plain.docker), ["image", "command", "environment"]);
  const { id, docker } = await run({ user: "0", volumes: [`${data}:/data`] });
  await system.put(id, { docker });
  await system.put(id, { docker: { user: "", workdir: null } });
  for (const change of [{ user: "1" }, { workdir: "/" }, { volumes: [] }, { entrypoint: "sh" }]) {
    const [name = ""] = Object.keys(change);
    const answer = await system.fetch(`/experiments/${id}`, {
      method: "PUT",
      body: JSON.stringify({ docker: change }),
    });
    assert.equal(answer.status, 400);
    assert.match(await answer.text(), new RegExp(`docker\\.${name}`));
  }
});

test("mounts that the host does not allow are refused with what it allows", async () => {
  const allowed = new RegExp(`allows paths below ${data} \\(read only\\), ${data}/open \\(also :rw\\)`);
  await refused({ volumes: ["/etc:/etc2"] }, allowed);
  await refused({ volumes: [`${data}/way-out:/x`] }, allowed);
  await refused({ volumes: [`${data}/way-out/key:/x`] }, allowed);
  await refused({ volumes: [`${data}/../private:/x`] }, allowed);
  await refused({ volumes: [`${data}/missing:/x`] }, allowed);
  await refused({ volumes: [`${data}:/x:rw`] }, /may not be mounted for writing/);
});

test("the Docker socket is never mounted, nor a folder that holds it, though its folder is allowed", async () => {
  const socket = (process.env["DOCKER_HOST"] ?? "unix:///var/run/docker.sock").replace("unix://", "");
  const name = "engine";
  const runner = await system.addRunner(name, { SKEDULER_CONTAINER_MOUNTS: "/" });
  for (const path of [socket, "/"]) {
    const { id } = await system.post({ volumes: [`${path}:/x`] }, { resources: { host: name } });
    const done = await system.ended(id);
    assert.equal(done.result?.reason, "policy");
    assert.match(done.result.message, /Docker socket/);
  }
  await runner.close();
  system.runners.splice(system.runners.indexOf(runner), 1);
});

test("an image outside the patterns is refused before anything is pulled", async () => {
  const done = await run({ image: "127.0.0.1:1/nobody/nothing:none" });
  assert.equal(done.result?.reason, "policy");
  assert.match(done.result.message, /allowed are skeduler-sample:\*, lab\/\*\*/);
  assert.doesNotMatch((await system.log(done.id)).toString(), /pulling/);
});

test("an image's id, which Docker takes whole or cut short, is no way around the patterns", async () => {
  await system.addRunner("official", { SKEDULER_CONTAINER_IMAGES: "docker.io/library/**" });
  const { Id: id } = await connectEngine().docker.getImage(image).inspect();
  const named = { resources: { host: "official" } };
  for (const one of [id, id.slice(0, 19)]) {
    const { result } = await system.ended((await system.post({ image: one, command: "true" }, named)).id);
    assert.deepEqual(
      [result?.reason, result?.message],
      ["policy", `This host does not run the image ${one}; allowed are docker.io/library/**.`],
    );
  }
  assert.equal((await system.ended((await system.post({ command: "true" }, named)).id)).status, "FINISHED");
});

test("more than the host's maximum is not placed there, or refused, in words; who asks for nothing gets the maximum", async () => {
  const { id } = await system.post({ command: "true" }, { resources: { host: "strict", memory: "65MiB" } });
  const answer = await system.fetch(`/experiments/${id}/placement`);
  assert.equal(
    ((await answer.json()) as { message: string }).message,
    "No registered host could ever run it: strict needs 65 MiB of memory, gives a container at most 64 MiB.",
  );
  await system.put(id, { status: "CANCELLED" });
  const shared = await system.post({ command: "true" }, { resources: { host: "strict", shm_size: "33MiB" } });
  const { result } = await system.ended(shared.id);
  assert.equal(result?.reason, "policy");
  assert.match(result.message, /at most 33554432 bytes of shared memory/);
  const limited = await run({}, "cat /sys/fs/cgroup/memory.max /sys/fs/cgroup/memory/memory.limit_in_bytes");
  assert.match(await output(limited.id), /^67108864$/m);
});

test("the container has few capabilities, gains none, and cannot fork without end", async () => {
  const { id } = await run(
    {},
    `grep -E "CapBnd|NoNewPrivs" /proc/self/status; cat /sys/fs/cgroup/pids.max /sys/fs/cgroup/pids/pids.max`,
  );
  const text = await output(id);
  assert.match(text, /NoNewPrivs:\t1/);
  assert.match(text, /CapBnd:\t00000000000000fb/); // CHOWN 0, DAC_OVERRIDE 1, FOWNER 3, FSETID 4, KILL 5, SETGID 6, SETUID 7
  assert.match(text, /^50$/m);
});

test("a secret reaches the program and nobody else", async () => {
  const environment = { KEY: { secret: "WANDB_KEY" }, PLAIN: '{"secret":"WANDB_KEY"}' };
  const { id } = await system.post(
    { command: `sh -c 'test "$KEY" = s3cr3t-value && echo right; echo $PLAIN'`, environment },
    here,
  );
  const done = await system.ended(id);
  assert.equal(await output(id), 'right\n{"secret":"WANDB_KEY"}\n');
  assert.deepEqual(done.docker.environment, environment);
  const shown = JSON.stringify(done) + (await system.log(id)).toString();
  assert.doesNotMatch(shown.replace(done.docker.command, "").replace("s3cr3t-value && echo", ""), /s3cr3t/);
});

test("a secret that cannot be had ends the attempt and says why", async () => {
  const missing = await run({ environment: { KEY: { secret: "OTHER" } } });
  assert.equal(missing.status, "CANCELLED");
  assert.equal(missing.result?.reason, "secret");
  assert.match(missing.result.message, /no secret "OTHER", which the variable KEY asks for/);
  const file = join(system.folder, "secrets.yaml");
  chmodSync(file, 0o644);
  const open = await run({ environment: { KEY: { secret: "WANDB_KEY" } } });
  chmodSync(file, 0o600);
  assert.equal(open.result?.reason, "secret");
  assert.match(open.result.message, /make it mode 600/);
  assert.doesNotMatch(open.result.message, new RegExp(file));
});

test("a request that is no volume or no user is refused with what is allowed", async () => {
  for (const docker of [
    { volumes: ["data:/data"] },
    { volumes: ["/a:/"] },
    { volumes: ["/a:/x/../proc"] },
    { volumes: ["/a:/output"] },
    { volumes: ["/a:/x", "/b:/x/"] },
    { user: "a b" },
    { workdir: "tmp" },
    { entrypoint: "'open" },
    { environment: { A: { secret: "" } } },
    { privileged: true },
  ]) {
    const body = JSON.stringify({ name: "bad", docker: { image, ...docker } });
    const answer = await system.fetch("/experiments", { method: "POST", body });
    assert.equal(answer.status, 400, body);
  }
});
