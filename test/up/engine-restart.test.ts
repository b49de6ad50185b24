// An Engine that is killed under a running container (with live-restore, so that the container goes on): what Docker then does not
// know is said, and nothing runs twice.

import assert from "node:assert/strict";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { connectEngine } from "../../runtime/docker/engine.ts";
import { startPrivateEngine } from "../../runtime/up/private-engine.ts";
import { end, eventually } from "../../runtime/up/processes.ts";
import { makeSampleImage } from "../../runtime/up/sample-image.ts";
import { System } from "../support/system.ts";

/** Resolves when so many attempts are so; asks ten times a second. */
async function stored(system: System, condition: string, count: number): Promise<void> {
  for (;;) {
    const { rows } = await system.query(
      `select count(*)::int as n, pg_sleep(0.1) from skeduler.attempts where ${condition}`,
    );
    if (rows[0]?.["n"] === count) return;
  }
}

for (const seen of [true, false]) {
  const who = seen ? "a runner sees it" : "no runner lives then";
  test(`killed while two containers run, and ${who}: one goes on, one ends, and the logs say what they lack`, async () => {
    if (process.getuid?.() === 0) await killed(seen); // only root can have an Engine of its own
  });
}

async function killed(seen: boolean): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "skeduler-engine-"));
  const options = { folder, liveRestore: true, log: (): void => undefined };
  await using cleanup = new AsyncDisposableStack();
  cleanup.defer(() => rmSync(folder, { recursive: true, force: true }));
  const engine = await startPrivateEngine(options);
  cleanup.defer(async () => (await startPrivateEngine(options)).stop());
  await makeSampleImage(engine.host);
  const system = cleanup.use(await System.start());
  const outputs = join(folder, "outputs");
  const overrides = {
    SKEDULER_DOCKER_HOST: engine.host,
    SKEDULER_RUNNER_OUTPUTS: outputs,
    SKEDULER_RUNNER_MIN_FREE_DISK: "1MiB",
  };
  await system.addRunner("restarted", overrides);
  const wait = "while [ ! -e /output/go ]; do sleep 0.05; done";
  const ending = await system.postScript(`echo up; ${wait}; echo last; touch /output/gone`);
  const going = await system.postScript(
    `echo up; ${wait}; echo on; while [ ! -e /output/end ]; do sleep 0.05; done; echo down; exit 3`,
  );
  for (const { id } of [ending, going]) await system.logged(id, "up\n");
  const output = (id: string, name: string): string => join(outputs, id, "1", name);
  if (!seen) await system.runners.pop()?.close();
  await end(engine.pid, [["SIGKILL", 10_000]]);
  // Who noticed is gone itself when Docker is back.
  if (seen) await stored(system, "interrupted_at is not null", 2);
  if (seen) await system.runners.pop()?.close();
  for (const { id } of [ending, going]) writeFileSync(output(id, "go"), "");
  assert.ok(await eventually(20_000, () => existsSync(output(ending.id, "gone"))));
  await startPrivateEngine(options);
  await system.addRunner("restarted", overrides);
  const ended = await system.ended(ending.id);
  assert.deepEqual([ended.status, ended.result?.exit_code, ended.attempt?.number], ["FINISHED", 0, 1]);
  assert.match(
    (await system.log(ending.id)).toString(),
    /^\[skeduler\] Docker was away when the container ended: lines from \S+Z to \S+Z may be missing\.$/m,
  );
  await system.logged(going.id, "on\n");
  writeFileSync(output(going.id, "end"), "");
  const done = await system.ended(going.id);
  assert.deepEqual([done.status, done.result?.exit_code, done.attempt?.number], ["FINISHED", 3, 1]);
  assert.equal((await system.log(going.id, "?stream=stdout")).toString(), "up\non\ndown\n");
  assert.equal(
    (await system.log(going.id))
      .toString()
      .match(/^\[skeduler\] Docker was restarted while the container ran: lines from \S+Z to \S+Z may be missing\.$/gm)
      ?.length,
    1,
  );
  const { docker } = connectEngine(engine.host);
  assert.ok(await eventually(10_000, async () => (await docker.listContainers({ all: true })).length === 0));
}
