// What no further try can mend on its host ends the attempt with a reason and a sentence, and gives its place free.

import assert from "node:assert/strict";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { System } from "../support/system.ts";

let system: System;
before(async () => {
  system = await System.start();
});
after(async () => system[Symbol.asyncDispose]());

test("an output folder that cannot be made", async () => {
  const outputs = join(system.folder, "outputs");
  const { id } = await system.postScript("echo never", { resources: { gpus: 0, host: "spoilt" } });
  mkdirSync(outputs);
  writeFileSync(join(outputs, id), "");
  await system.addRunner("spoilt", { SKEDULER_RUNNER_OUTPUTS: outputs });
  const { status, result, attempt } = await system.ended(id);
  assert.deepEqual([status, result?.reason, attempt?.started_at], ["CANCELLED", "engine", null]);
  assert.equal(
    result?.message,
    `The output folder could not be made on the host: ENOTDIR: not a directory, mkdir '${join(outputs, id, "1")}'`,
  );
  assert.ok((await system.log(id)).includes(`[skeduler] ${result.message}\n`));
});

test("a command with an open quote, as a row may have it that was not posted", async () => {
  const { id } = await system.postScript("true", { resources: { gpus: 0, host: "sound" } });
  await system.query("update jobs set docker_command = $2 where id = $1", [id, `echo "never`]);
  await system.addRunner("sound");
  const { status, result } = await system.ended(id);
  assert.deepEqual([status, result?.reason], ["CANCELLED", "command"]);
  assert.match(result?.message ?? "", /has a quote or an escape that is not closed/);
});

test("an image that can be none, as a row may have it that was not posted", async () => {
  const { id } = await system.postScript("true", { resources: { gpus: 0, host: "other" } });
  await system.query("update jobs set docker_image = 'two words' where id = $1", [id]);
  await system.addRunner("other");
  const { status, result } = await system.ended(id);
  assert.deepEqual([status, result?.reason], ["CANCELLED", "image"]);
  assert.match(result?.message ?? "", /"two words" is not a valid image name\.$/);
});

test("an image's name of a length that is none: it is not judged by the host's policy, and the sentence is cut", async () => {
  const { id } = await system.postScript("true", { resources: { gpus: 0, host: "choosy" } });
  await system.query("update jobs set docker_image = repeat('a', 100000) where id = $1", [id]);
  await system.addRunner("choosy", { SKEDULER_CONTAINER_IMAGES: "**/a**a**b" });
  const { status, result } = await system.ended(id);
  assert.deepEqual([status, result?.reason], ["CANCELLED", "image"]);
  assert.match(result?.message ?? "", /^"a+…$/);
  assert.equal(result?.message.length, 2000);
});

test("where no output folder could be made a host takes nothing, and says so", async () => {
  const file = join(system.folder, "a-file");
  writeFileSync(file, "");
  await system.addRunner("away", { SKEDULER_RUNNER_OUTPUTS: join(file, "outputs") });
  const { id } = await system.postScript("true", { resources: { gpus: 0, host: "away" } });
  const { message } = (await system.json(`/experiments/${id}/placement`)) as unknown as { message: string };
  assert.match(message, /away takes nothing: its folder for outputs cannot be used \(ENOTDIR/);
  rmSync(file);
  assert.equal((await system.ended(id)).status, "FINISHED");
});
