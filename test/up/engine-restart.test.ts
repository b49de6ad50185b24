// An Engine that is killed under a running container (with live-restore, so that the container goes on): what Docker then does not
// know is said, and nothing runs twice.

import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { connectEngine } from "../../runtime/docker/engine.ts";
import { engineBinary } from "../../runtime/up/find-engine.ts";
import { startPrivateEngine, type PrivateEngine } from "../../runtime/up/private-engine.ts";
import { end, eventually } from "../../runtime/up/processes.ts";
import { makeSampleImage } from "../../runtime/up/sample-image.ts";
import { rootOnly } from "../support/root-only.ts";
import { RunnerProcess } from "../support/runner-process.ts";
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

const ownEngine = rootOnly("have a Docker Engine of its own");

for (const seen of [true, false]) {
  const who = seen ? "a runner sees it" : "no runner lives then";
  test(
    `killed while two containers run, and ${who}: one goes on, one ends, and the logs say what they lack`,
    ownEngine,
    async () => killed(seen),
  );
}

test(
  "killed before it noted that it started a container: that does not run twice, and its log is read as far as it goes",
  ownEngine,
  forgotten,
);

test(
  "killed as it starts a container, which it then cannot start any more: another is made, and runs once",
  ownEngine,
  async () => midStart("waits"),
);

test(
  "killed as it starts a container, which then runs unseen: that is ended, and does not run twice",
  ownEngine,
  async () => midStart("runs"),
);

test("killed as it starts a container, which then ends unseen: it does not run twice", ownEngine, async () =>
  midStart("ends"),
);

for (const command of ["waits", "runs", "ends"] as const)
  test(
    `killed together with the runner as it starts a container, whose command ${command}: it does not run twice`,
    ownEngine,
    async () => midStart(command, true),
  );

test("killed together with the runner, after it refused a start: that is made up for", ownEngine, refused);

test(
  "killed before it knew since when a container runs: that is told all the same, and so is how it ends",
  ownEngine,
  startUnknown,
);

test("killed as a container ends, of which it then knows nothing: that is no success", ownEngine, madeUp);

/** In a script: until somebody puts this file into /output. */
const wait = (name: string): string => `while [ ! -e /output/${name} ]; do sleep 0.05; done`;

interface Setting {
  readonly system: System;
  readonly engine: PrivateEngine;
  /** Where it keeps what it knows. */
  readonly data: string;
  /** Starts the Engine anew after its end. */
  readonly again: () => Promise<unknown>;
  readonly addRunner: () => Promise<unknown>;
  /** A runner that is a process of its own, and what it says. */
  readonly startRunner: () => Promise<RunnerProcess>;
  /** A file that an experiment's first attempt sees in /output. */
  readonly output: (id: string, name: string) => string;
}

async function setUp(cleanup: AsyncDisposableStack): Promise<Setting> {
  const folder = mkdtempSync(join(tmpdir(), "skeduler-engine-"));
  const options = { folder, liveRestore: true, log: (): void => undefined };
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
  return {
    system,
    engine,
    data: join(folder, "data"),
    again: async () => startPrivateEngine(options),
    addRunner: async () => system.addRunner("restarted", overrides),
    startRunner: async () => RunnerProcess.start(system, "restarted", overrides),
    output: (id, name) => join(outputs, id, "1", name),
  };
}

/** Docker's word for it. */
const never = "0001-01-01T00:00:00Z";

/** What an Engine that was killed finds of a container when it is back. */
function rewriteState(data: string, containerId: string, state: object): void {
  const file = join(data, "containers", containerId, "config.v2.json");
  const known = JSON.parse(readFileSync(file, "utf8")) as { State: object };
  Object.assign(known.State, state);
  writeFileSync(file, JSON.stringify(known));
}

async function forgotten(): Promise<void> {
  await using cleanup = new AsyncDisposableStack();
  const { system, engine, data, again, addRunner, output } = await setUp(cleanup);
  await addRunner();
  const { id } = await system.postScript(
    `echo run >> /output/runs; echo up; ${wait("more")}; echo more; ${wait("go")}; touch /output/gone`,
  );
  await system.logged(id, "up\n");
  await system.runners.pop()?.close();
  const { docker } = connectEngine(engine.host);
  const [container] = await docker.listContainers();
  assert.ok(container);
  writeFileSync(output(id, "more"), "");
  const logged = async (): Promise<string> =>
    (await docker.getContainer(container.Id).logs({ stdout: true })).toString();
  assert.ok(await eventually(10_000, async () => (await logged()).includes("more\n")));
  await end(engine.pid, [["SIGKILL", 10_000]]);
  rewriteState(data, container.Id, { Running: false, Pid: 0, StartedAt: never });
  writeFileSync(output(id, "go"), "");
  assert.ok(await eventually(20_000, () => existsSync(output(id, "gone"))));
  await again();
  await addRunner();
  const ended = await system.ended(id);
  assert.deepEqual([ended.status, ended.result?.reason, ended.attempt?.number], ["CANCELLED", "engine", 1]);
  assert.equal(readFileSync(output(id, "runs"), "utf8"), "run\n");
  assert.equal((await system.log(id, "?stream=stdout")).toString(), "up\nmore\n");
  assert.match(
    (await system.log(id)).toString(),
    /^\[skeduler\] Docker has forgotten that the container was started: lines until \S+Z may be missing\.$/m,
  );
}

/**
 * A `runc` for the Engine that stays in the midst of its first start, after the container's command has begun, or before, or fails first.
 * Resolves when it is there, with its process.
 */
function holdingRunc(
  cleanup: AsyncDisposableStack,
  first: "begins" | "waits" | "fails",
): { held: () => Promise<number> } {
  const folder = mkdtempSync(join(tmpdir(), "skeduler-runc-"));
  cleanup.defer(() => rmSync(folder, { recursive: true, force: true }));
  const [hold, held] = [join(folder, "hold"), join(folder, "held")];
  const real = engineBinary(["runc"]);
  assert.ok(real);
  const there = `echo $$ > ${held}.part && mv ${held}.part ${held}`;
  const then = {
    begins: `${real} "$@" && ${there} && exec sleep 600`,
    waits: `${there} && exec sleep 600`,
    fails: `${there} && exit 1`,
  };
  const step = first === "fails" ? "create" : "start";
  const start = `case " $* " in *" ${step} "*) [ -e ${hold} ] && ${then[first]};; esac`;
  writeFileSync(join(folder, "runc"), `#!/bin/sh\n${start}\nexec ${real} "$@"\n`, { mode: 0o755 });
  writeFileSync(hold, "");
  const path = process.env["PATH"] ?? "";
  process.env["PATH"] = `${folder}:${path}`;
  cleanup.defer(() => {
    process.env["PATH"] = path;
  });
  return {
    held: async () => {
      assert.ok(await eventually(30_000, () => existsSync(held)));
      rmSync(hold);
      return Number(readFileSync(held, "utf8"));
    },
  };
}

/** Of the machine's processes, those that hold this container, or run in it. */
function processesOf(containerId: string): string[] {
  const about = (pid: string): string => {
    try {
      return readFileSync(`/proc/${pid}/cmdline`, "utf8") + readFileSync(`/proc/${pid}/cgroup`, "utf8");
    } catch {
      return ""; // it has ended
    }
  };
  return readdirSync("/proc").filter((name) => /^\d+$/.test(name) && about(name).includes(containerId));
}

/**
 * What becomes of the command while the Engine is away: it waits to be begun, runs on, or ends. `replaced`: the runner was asked to end
 * just before, and another one takes over.
 */
async function midStart(command: "waits" | "runs" | "ends", replaced = false): Promise<void> {
  await using cleanup = new AsyncDisposableStack();
  const { held } = holdingRunc(cleanup, command === "waits" ? "waits" : "begins");
  const { system, engine, again, addRunner, output } = await setUp(cleanup);
  await addRunner();
  const goesOn = command === "waits" ? "" : `${wait("go")}; touch /output/gone`;
  const { id } = await system.postScript(`echo run >> /output/runs; echo up; ${goesOn}`);
  const starting = await held();
  const { docker } = connectEngine(engine.host);
  const [container] = await docker.listContainers({ all: true });
  assert.ok(container);
  const closing = replaced ? system.runners.pop()?.close() : undefined;
  await end(engine.pid, [["SIGKILL", 10_000]]);
  await end(starting, [["SIGKILL", 10_000]]);
  await closing;
  if (command !== "waits") assert.ok(await eventually(10_000, () => existsSync(output(id, "runs"))));
  if (command === "ends") writeFileSync(output(id, "go"), "");
  if (command === "ends") assert.ok(await eventually(10_000, () => existsSync(output(id, "gone"))));
  await again();
  if (replaced) await addRunner();
  const ended = await system.ended(id);
  assert.equal(readFileSync(output(id, "runs"), "utf8"), "run\n");
  const forgotten = `Docker was killed, and has forgotten ${replaced && command === "ends" ? "whether" : "that"} it had started the container`;
  const expected = {
    waits: ["FINISHED", "exited", "Finished with exit code 0."],
    runs: ["CANCELLED", "engine", `${forgotten}: what ran in it was ended.`],
    ends: ["CANCELLED", "engine", `${forgotten}: how that ended is not known.`],
  };
  assert.deepEqual([ended.status, ended.result?.reason, ended.result?.message], expected[command]);
  assert.equal(ended.attempt?.number, 1);
  if (command === "waits") assert.equal((await system.log(id, "?stream=stdout")).toString(), "up\n");
  assert.ok(await eventually(10_000, () => processesOf(container.Id).length === 0));
  assert.ok(await eventually(10_000, async () => (await docker.listContainers({ all: true })).length === 0));
}

async function refused(): Promise<void> {
  await using cleanup = new AsyncDisposableStack();
  const { held } = holdingRunc(cleanup, "fails");
  const { system, engine, again, addRunner, output } = await setUp(cleanup);
  await addRunner();
  const { id } = await system.postScript("echo run >> /output/runs; echo up");
  await held();
  await system.runners.pop()?.close();
  await end(engine.pid, [["SIGKILL", 10_000]]);
  await again();
  await addRunner();
  const ended = await system.ended(id);
  assert.deepEqual([ended.status, ended.result?.exit_code, ended.attempt?.number], ["FINISHED", 0, 1]);
  assert.equal(readFileSync(output(id, "runs"), "utf8"), "run\n");
}

async function startUnknown(): Promise<void> {
  await using cleanup = new AsyncDisposableStack();
  const { system, engine, data, again, addRunner, output } = await setUp(cleanup);
  await addRunner();
  const posted = new Date();
  const { id } = await system.postScript(
    `echo up; ${wait("more")}; echo more; ${wait("go")}; touch /output/gone; exit 3`,
  );
  await system.logged(id, "up\n");
  await system.runners.pop()?.close();
  const [container] = await connectEngine(engine.host).docker.listContainers();
  assert.ok(container);
  const away = new Date();
  await end(engine.pid, [["SIGKILL", 10_000]]);
  rewriteState(data, container.Id, { StartedAt: never });
  await system.query("update skeduler.attempts set started_at = null");
  await system.query("update jobs set started_at = null");
  await again();
  await addRunner();
  writeFileSync(output(id, "more"), "");
  await system.logged(id, "more\n");
  const startedAt = new Date((await system.get(id)).started_at ?? 0);
  assert.ok(posted < startedAt && startedAt < away, `started at ${startedAt.toISOString()}`);
  await system.runners.pop()?.close();
  writeFileSync(output(id, "go"), "");
  assert.ok(await eventually(20_000, () => existsSync(output(id, "gone"))));
  await addRunner();
  const ended = await system.ended(id);
  assert.deepEqual([ended.status, ended.result?.exit_code, ended.attempt?.number], ["FINISHED", 3, 1]);
}

async function killed(seen: boolean): Promise<void> {
  await using cleanup = new AsyncDisposableStack();
  const { system, engine, again, addRunner, output } = await setUp(cleanup);
  await addRunner();
  const ending = await system.postScript(`echo up; ${wait("go")}; echo last; touch /output/gone`);
  const going = await system.postScript(`echo up; ${wait("go")}; echo on; ${wait("end")}; echo down; exit 3`);
  for (const { id } of [ending, going]) await system.logged(id, "up\n");
  if (!seen) await system.runners.pop()?.close();
  await end(engine.pid, [["SIGKILL", 10_000]]);
  // Who noticed is gone itself when Docker is back.
  if (seen) await stored(system, "interrupted_at is not null", 2);
  if (seen) await system.runners.pop()?.close();
  for (const { id } of [ending, going]) writeFileSync(output(id, "go"), "");
  assert.ok(await eventually(20_000, () => existsSync(output(ending.id, "gone"))));
  await again();
  await addRunner();
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

async function madeUp(): Promise<void> {
  await using cleanup = new AsyncDisposableStack();
  const { system, engine, data, again, startRunner, output } = await setUp(cleanup);
  const runner = await startRunner();
  cleanup.defer(async () => runner.stop());
  const { id } = await system.postScript(`echo up; ${wait("go")}; touch /output/gone; exit 3`);
  await system.logged(id, "up\n");
  const [container] = await connectEngine(engine.host).docker.listContainers();
  assert.ok(container);
  await end(engine.pid, [["SIGKILL", 10_000]]);
  writeFileSync(output(id, "go"), "");
  assert.ok(await eventually(20_000, () => existsSync(output(id, "gone"))));
  assert.ok(await eventually(20_000, () => processesOf(container.Id).length === 1)); // its shim
  const tries = (): number => runner.said.split("an attempt could not be carried on").length;
  const before = tries();
  assert.ok(await eventually(20_000, () => tries() >= before + 2));
  // As where it was killed between containerd's word of the end and its own note.
  for (const pid of processesOf(container.Id)) process.kill(Number(pid), "SIGKILL");
  rmSync(join(data, "containerd/daemon/io.containerd.metadata.v1.bolt/meta.db"));
  const away = new Date();
  await again();
  const { docker } = connectEngine(engine.host);
  const ended = await system.ended(id);
  assert.deepEqual([ended.status, ended.result?.reason, ended.result?.exit_code], ["FINISHED", "exited", 255]);
  assert.ok(ended.ended_at !== null && new Date(ended.ended_at) < away);
  assert.match(
    (await system.log(id)).toString(),
    /^\[skeduler\] Docker was away when the container ended: lines from/m,
  );
  assert.ok(await eventually(10_000, async () => (await docker.listContainers({ all: true })).length === 0));
}
