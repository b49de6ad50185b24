// No container is started before its host remembers that it took the attempt up: a database that is restored to a moment before would
// not know of what ran. The creation need not wait for it.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { closeSync, constants, globSync, openSync, rmSync } from "node:fs";
import { after, before, test } from "node:test";
import { containerName, label } from "../../runtime/docker/container-options.ts";
import { connectEngine } from "../../runtime/docker/engine.ts";
import { System } from "../support/system.ts";

let system: System;
before(async () => {
  system = await System.start();
  await system.addRunner("remembers");
});
after(async () => system[Symbol.asyncDispose]());

test("a container is created, but not started, while its host cannot write down that it took it up", async () => {
  const { docker } = connectEngine();
  const [marks = ""] = globSync(`${system.folder}/hosts/remembers/*.json`);
  const file = marks.replace(/json$/, "attempts");
  rmSync(file, { force: true });
  execFileSync("mkfifo", [file]); // who writes there waits for somebody who reads

  const attempts: string[] = [];
  while (attempts.length < 2) {
    const { id } = await system.post({ command: "true" }, { resources: { gpus: 0 } });
    const filters = { event: ["create"], label: [`${label.experiment}=${id}`] };
    const created = await docker.getEvents({ since: 0, filters });
    await once(created, "data");
    (created as NodeJS.ReadableStream & { destroy(): void }).destroy();
    const { attempt } = await system.get(id);
    attempts.push(attempt?.id ?? "");
  }
  // By the time that the second is there the first would have been started, and have ended.
  const found = await Promise.all(attempts.map(async (id) => docker.getContainer(containerName(id)).inspect()));

  const reader = openSync(file, constants.O_RDWR); // before the verdict: the runner could not be closed while it waits
  assert.deepEqual(
    found.map(({ State }) => State.Status),
    ["created", "created"],
  );
  const { rows } = await system.query("select experiment_id::text as id from skeduler.attempts");
  for (const { id } of rows) assert.equal((await system.ended(String(id))).status, "FINISHED");
  closeSync(reader);
});
