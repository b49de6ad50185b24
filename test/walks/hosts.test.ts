// Several hosts, several installations, a runner that dies: each experiment runs exactly once, and nobody touches another's.

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { connectEngine } from "../../runtime/docker/engine.ts";
import { UserError } from "../../runtime/errors.ts";
import { RunnerProcess } from "../support/runner-process.ts";
import { System, image } from "../support/system.ts";

let system: System;
before(async () => {
  system = await System.start();
});
after(async () => system[Symbol.asyncDispose]());

test("two runners and 50 experiments: each runs exactly once", async () => {
  await using many = await System.start();
  await many.addRunner("one", { SKEDULER_RUNNER_SLOTS: "3" });
  await many.addRunner("two", { SKEDULER_RUNNER_SLOTS: "3" });
  const posted = await Promise.all(Array.from({ length: 50 }, async (_, n) => many.postScript(`echo number ${n}`)));
  const ended = await Promise.all(posted.map(async ({ id }) => many.ended(id)));
  assert.deepEqual([...new Set(ended.map((e) => `${e.status} ${e.attempt?.number ?? 0}`))], ["FINISHED 1"]);
  assert.deepEqual([...new Set(ended.map((e) => e.host))].sort(), ["one", "two"]);
  for (const [n, { id }] of posted.entries()) {
    assert.equal((await many.log(id, "?stream=stdout")).toString(), `number ${n}\n`);
  }
  const { rows } = await many.query("select count(*)::int as attempts from skeduler.attempts");
  assert.deepEqual(rows, [{ attempts: 50 }]);
});

test("no more run at once than the host has places", async () => {
  await using narrow = await System.start();
  const runner = await narrow.addRunner("narrow", { SKEDULER_RUNNER_SLOTS: "1" });
  assert.equal(runner.slots, 1);
  const first = await narrow.postScript("echo up; while [ ! -e /tmp/go ]; do sleep 0.05; done");
  await narrow.logged(first.id, "up\n");
  const second = await narrow.postScript("true");
  assert.equal((await narrow.get(second.id)).status, "ENQUEUED");
  const { docker } = connectEngine();
  const exec = await docker
    .getContainer(`skeduler-${(await narrow.get(first.id)).attempt?.id ?? ""}`)
    .exec({ Cmd: ["touch", "/tmp/go"] });
  await exec.start({});
  await narrow.ended(second.id);
  const { rows } = await narrow.query(
    "select (select closed_at from skeduler.attempts where experiment_id = $1) <= (select placed_at from skeduler.attempts where experiment_id = $2) as after",
    [first.id, second.id],
  );
  assert.deepEqual(rows, [{ after: true }]);
});

test("two installations on one Engine leave each other's containers alone", async () => {
  await using other = await System.start();
  await other.addRunner("shared-name", { SKEDULER_RUNNER_STOP_GRACE: "1s" });
  const theirs = await other.postScript("echo theirs; while [ ! -e /tmp/go ]; do sleep 0.05; done");
  await other.logged(theirs.id, "theirs\n");
  await using mine = await System.start();
  await mine.addRunner("shared-name"); // sweeps at its start
  const { id } = await mine.postScript("true");
  await mine.ended(id);
  assert.equal((await other.get(theirs.id)).status, "RUNNING");
  await other.put(theirs.id, { status: "CANCELLED" });
  await other.ended(theirs.id);
  assert.equal((await other.log(theirs.id, "?stream=stdout")).toString(), "theirs\n");
});

test("a second Engine under a known host's name is refused", async () => {
  await system.query(
    "insert into skeduler.hosts (name, engine_id, slots, cpus, memory_bytes, version) values ('known', 'another engine', 1, 1, 1, 'x')",
  );
  await assert.rejects(system.addRunner("known"), (error) => {
    assert.ok(error instanceof UserError);
    assert.match(error.message, /"known" belongs to another Docker Engine/);
    return true;
  });
});

test("a host whose machine was replaced has its name back once it was removed", async () => {
  await system.query(
    `with h as (insert into skeduler.hosts (name, engine_id, slots, cpus, memory_bytes, version) values ('beta', 'the old engine', 1, 1, 1, 'x') returning name)
     insert into skeduler.heartbeats (host, seen_at) select name, now() - interval '1 hour' from h`,
  );
  await assert.rejects(system.addRunner("beta"), /or DELETE \/hosts\/beta when that machine is gone/);
  await system.json("/hosts/beta", { method: "DELETE" });
  await system.addRunner("beta");
  const { id } = await system.postScript("true", { resources: { host: "beta" } });
  assert.equal((await system.ended(id)).status, "FINISHED");
});

test("a runner that is killed leaves its containers running; the next one adopts them with log and exit code whole", async () => {
  await using crash = await System.start();
  const first = await RunnerProcess.start(crash, "mortal");
  const long = await crash.postScript("i=0; while [ $i -lt 40 ]; do i=$((i+1)); echo line $i; sleep 0.1; done; exit 5");
  const short = await crash.postScript("echo short; exit 4");
  await crash.logged(long.id, "line 3\n");
  await crash.ended(short.id);
  const ends = await crash.postScript("echo up; sleep 1; echo meanwhile; exit 6");
  await crash.logged(ends.id, "up\n");
  await first.kill();
  const { docker } = connectEngine();
  // It ends while no runner is there.
  await docker.getContainer(`skeduler-${(await crash.get(ends.id)).attempt?.id ?? ""}`).wait();
  const second = await RunnerProcess.start(crash, "mortal");
  const doneLong = await crash.ended(long.id);
  const doneEnds = await crash.ended(ends.id);
  await second.stop(); // killed, it could leave the removal of what has ended to its successor
  assert.equal(doneLong.result?.exit_code, 5);
  assert.equal(doneLong.attempt?.number, 1);
  const lines = Array.from({ length: 40 }, (_, i) => `line ${i + 1}\n`).join("");
  assert.equal((await crash.log(long.id, "?stream=stdout")).toString(), lines);
  assert.equal(doneEnds.result?.exit_code, 6);
  assert.equal((await crash.log(ends.id, "?stream=stdout")).toString(), "up\nmeanwhile\n");
});

test("an older process of the same host is fenced off and ends", async () => {
  await using fenced = await System.start();
  const old = await RunnerProcess.start(fenced, "twice");
  const running = await fenced.postScript("echo up; sleep 2; echo down");
  await fenced.logged(running.id, "up\n");
  await fenced.addRunner("twice");
  assert.equal(await old.exited, 1);
  const done = await fenced.ended(running.id);
  assert.equal(done.result?.exit_code, 0);
  assert.equal((await fenced.log(running.id, "?stream=stdout")).toString(), "up\ndown\n");
});

test("a stray container of ours that no attempt knows is spared while young", async () => {
  const { docker } = connectEngine();
  const { rows } = await system.query("select id::text as id from skeduler.installation");
  const stray = await docker.createContainer({
    Image: image,
    Cmd: ["sleep", "60"],
    Labels: {
      "skeduler.installation": String(rows[0]?.["id"]),
      "skeduler.host": "strays",
      "skeduler.attempt": "00000000-0000-4000-8000-000000000001",
    },
  });
  await system.addRunner("strays");
  assert.equal((await stray.inspect()).State.Status, "created");
  await stray.remove({ force: true });
});

test("what a host remembers by its id alone, and the database does not know, keeps nothing from running", async () => {
  await using forgetful = await System.start();
  const { rows } = await forgetful.query("select id::text as id from skeduler.installation");
  const folder = join(forgetful.folder, "hosts", "vague");
  mkdirSync(folder, { recursive: true });
  writeFileSync(
    join(folder, `${String(rows[0]?.["id"])}.attempts`),
    `${JSON.stringify({ began: { id: randomUUID() }, time: Date.now() })}\n`,
  );
  await forgetful.addRunner("vague");
  const { id } = await forgetful.postScript("true");
  assert.equal((await forgetful.ended(id)).status, "FINISHED");
});

test("the output folder outlives the container and its place is shown", async () => {
  await using kept = await System.start();
  await kept.addRunner("keeper", { SKEDULER_RUNNER_OUTPUTS: `${kept.folder}/outputs` });
  const { id } = await kept.postScript("echo model > $SKEDULER_OUTPUT/weights");
  const done = await kept.ended(id);
  assert.equal(done.attempt?.output, `${kept.folder}/outputs/${id}/1`);
  assert.equal(readFileSync(`${done.attempt.output}/weights`, "utf8"), "model\n");
});
