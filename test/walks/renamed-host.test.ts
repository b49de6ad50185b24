// A host that gets another name: its containers of before end once they were given up, by the runner of the new name; what another
// host on the same Engine runs, or has just closed, is left to that one.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import Docker from "dockerode";
import { pino } from "pino";
import { startRunner } from "../../runtime/runner/start.ts";
import { RunnerProcess } from "../support/runner-process.ts";
import { image, System, type Experiment } from "../support/system.ts";

const docker = new Docker();
let system: System;
before(async () => {
  system = await System.start();
});
after(async () => system[Symbol.asyncDispose]());

/** What the runner of that name warns of as it starts. */
async function start(name: string): Promise<string> {
  let said = "";
  const log = pino({ level: "warn" }, { write: (line: string) => (said += line) });
  const config = system.config({ SKEDULER_RUNNER_NAME: name, SKEDULER_RUNNER_STOP_GRACE: "1s" });
  system.runners.push(await startRunner({ config, database: system.database, version: "test", log }));
  return said;
}

async function runs(host: string): Promise<{ id: string; container: Docker.Container }> {
  const { id } = await system.postScript("echo up; sleep 600", { resources: { host } });
  const { attempt } = await system.until(id, (e: Experiment) => e.attempt?.started_at != null);
  return { id, container: docker.getContainer(`skeduler-${attempt?.id ?? ""}`) };
}

test("what ran under the old name is stopped when it was given up, not before, and what others have is left alone", async () => {
  const old = await RunnerProcess.start(system, "old");
  const { id, container } = await runs("old");
  await old.kill();
  assert.match(await start("new"), /known as another host as well.*old|old.*known as another host as well/);
  assert.equal((await container.inspect()).State.Running, true, "it was open");

  await system.query("update skeduler.watch set since = now() - interval '1 hour', seen_at = now()");
  await system.query("update skeduler.heartbeats set seen_at = now() - interval '1 hour' where host = 'old'");
  assert.equal((await system.ended(id)).result?.reason, "host_lost");
  assert.equal(await start("new"), "", "the old one is gone, and nothing of it open");
  assert.equal((await container.inspect()).State.Running, true, "its own runner had no time yet");

  await system.addRunner("beside");
  const beside = await runs("beside");
  const { rows } = await system.query("select id::text as id from skeduler.installation");
  const unknown = await docker.createContainer({
    Image: image,
    Cmd: ["sleep", "600"],
    Labels: {
      "skeduler.installation": String(rows[0]?.["id"]),
      "skeduler.host": "old",
      "skeduler.attempt": "00000000-0000-4000-8000-000000000002",
    },
  });
  await system.query("update skeduler.attempts set closed_at = now() - interval '2 minutes' where experiment_id = $1", [
    id,
  ]);
  assert.match(await start("new"), /beside/);
  await assert.rejects(container.inspect(), /no such container/i);
  assert.equal((await beside.container.inspect()).State.Running, true);
  assert.equal((await unknown.inspect()).State.Status, "created");
  await unknown.remove({ force: true });
  await system.put(beside.id, { status: "CANCELLED" });
  await system.ended(beside.id);
});
