// A runner that is asked to stop: it leaves its containers running, and a second signal ends it at once where it cannot put away
// what it has in hand.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import { containerName } from "../../runtime/docker/container-options.ts";
import { connectEngine } from "../../runtime/docker/engine.ts";
import { RunnerProcess } from "../support/runner-process.ts";
import { System } from "../support/system.ts";

const { docker } = connectEngine();
let system: System;
before(async () => {
  system = await System.start();
});
after(async () => system[Symbol.asyncDispose]());

const untilGo = "echo up; while [ ! -e /tmp/go ]; do sleep 0.05; done; echo down; exit 6";

async function letGo(attempt: string): Promise<void> {
  const exec = await docker.getContainer(containerName(attempt)).exec({ Cmd: ["touch", "/tmp/go"] });
  await exec.start({});
}

async function isRunning(attempt: string): Promise<boolean> {
  return (await docker.getContainer(containerName(attempt)).inspect()).State.Running;
}

/** The next start takes it up, and it ends as if nothing had been. */
async function goesOn(id: string, host: string): Promise<void> {
  const next = await RunnerProcess.start(system, host);
  try {
    await letGo((await system.get(id)).attempt?.id ?? "");
    const done = await system.ended(id);
    assert.deepEqual([done.status, done.result?.exit_code, done.attempt?.number], ["FINISHED", 6, 1]);
    assert.equal((await system.log(id, "?stream=stdout")).toString(), "up\ndown\n");
  } finally {
    await next.stop();
  }
}

test("SIGTERM: the runner ends with 0 and its container runs on", async () => {
  const runner = await RunnerProcess.start(system, "leaver");
  const { id } = await system.postScript(untilGo, { resources: { host: "leaver" } });
  await system.logged(id, "up\n");
  const attempt = (await system.get(id)).attempt?.id ?? "";
  await runner.stop();
  assert.equal(await runner.exited, 0);
  assert.equal(await isRunning(attempt), true);
  assert.equal((await system.get(id)).status, "RUNNING");
  await goesOn(id, "leaver");
});

test("a second SIGTERM: the runner ends at once, whatever holds it up, and its container runs on", async () => {
  const runner = await RunnerProcess.start(system, "held");
  const script = `while [ ! -e /tmp/more ]; do sleep 0.05; done; ${untilGo}`;
  const { id } = await system.postScript(script, { resources: { host: "held" } });
  const { attempt } = await system.until(id, (e) => e.attempt?.started_at != null);
  const holder = new pg.Client({ connectionString: system.database });
  await holder.connect();
  try {
    // Its log cannot be stored while this is locked, and a runner that stops waits for that.
    await holder.query("begin");
    await holder.query("select from skeduler.attempts where id = $1 for update", [attempt?.id]);
    const exec = await docker.getContainer(containerName(attempt?.id ?? "")).exec({ Cmd: ["touch", "/tmp/more"] });
    await exec.start({});
    for (;;) {
      const { rowCount } = await system.query(
        "select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock' and query like '%next_seq + 1%'",
      );
      if (rowCount === 1) break;
    }
    // Signals within half a second count as one: a terminal and npm both pass them on.
    const ended = runner.exited.then(() => true);
    do runner.signal("SIGTERM");
    while (!(await Promise.race([ended, sleep(700, false)])));
  } finally {
    await holder.query("rollback");
    await holder.end();
  }
  assert.equal(await runner.exited, 143);
  assert.equal(await isRunning(attempt?.id ?? ""), true);
  await goesOn(id, "held");
});

test("a line of ours is in the log once, however often the runner has to report the end anew", async () => {
  const runner = await RunnerProcess.start(system, "again");
  try {
    await system.query(`
      create sequence failed_ends;
      create function refuse_end() returns trigger language plpgsql as $$ begin
        perform nextval('failed_ends');
        raise exception 'not now';
      end $$;
      create trigger refuse_end before update of closed_at on skeduler.attempts for each row execute function refuse_end();`);
    const { id } = await system.postScript("echo done; exit 3", { resources: { host: "again" } });
    // A sequence keeps what is rolled back.
    for (;;) {
      const { rows } = await system.query("select last_value >= 3 as often from failed_ends");
      if (rows[0]?.["often"] === true) break;
    }
    await system.query("drop trigger refuse_end on skeduler.attempts");
    await system.ended(id);
    const ours = (await system.log(id))
      .toString()
      .split("\n")
      .filter((line) => line.startsWith("[skeduler] "));
    assert.deepEqual(ours, [...new Set(ours)]);
    assert.equal(ours.length, 3, ours.join("\n"));
  } finally {
    await runner.stop();
  }
});
