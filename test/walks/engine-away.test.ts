// An Engine that goes away just as a container is started: whether it ran, and what it wrote, is found out afterwards; what may be
// missing is said where something may be, and only there. And one that fails once at what it is asked for: it is asked again.

import assert from "node:assert/strict";
import { existsSync, globSync, rmSync, writeFileSync } from "node:fs";
import { connect, createServer, type AddressInfo, type Socket } from "node:net";
import { join } from "node:path";
import { test } from "node:test";
import { eventually } from "../../runtime/up/processes.ts";
import { RefusingProxy } from "../support/refusing-proxy.ts";
import { System } from "../support/system.ts";

/** In front of the Engine: from the answer to the first request that fits on, every connection is cut, until it is mended. */
async function cuttingAfter(request: RegExp): Promise<AsyncDisposable & { host: string; mend: () => void }> {
  const socket = (process.env["DOCKER_HOST"] ?? "").replace("unix://", "");
  const ends = new Set<Socket>();
  let state: "waits" | "cut" | "mended" = "waits";
  const cut = (): void => {
    state = "cut";
    for (const end of ends) end.destroy();
  };
  const server = createServer((client) => {
    if (state === "cut") {
      client.destroy();
      return;
    }
    const engine = connect(socket);
    let meant = false;
    client.on("data", (data) => (meant ||= state === "waits" && request.test(data.toString("latin1"))));
    engine.on("data", (data) => {
      if (meant && state === "waits") cut();
      else client.write(data);
    });
    client.pipe(engine);
    engine.on("end", () => client.end());
    for (const end of [client, engine]) {
      ends.add(end);
      end
        .on("error", () => undefined)
        .on("close", () => [client, engine].map((one) => (ends.delete(one), one.destroy())));
    }
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  return {
    host: `tcp://127.0.0.1:${(server.address() as AddressInfo).port}`,
    mend: () => (state = "mended"),
    [Symbol.asyncDispose]: async () => {
      for (const end of ends) end.destroy();
      await new Promise((done) => server.close(done));
    },
  };
}

/** In front of the Engine: on the connections that there are, nothing arrives any more after `silence`, no end either. */
async function silencing(): Promise<AsyncDisposable & { host: string; silence: () => void }> {
  const sockets = new Set<Socket>();
  let generation = 0;
  const server = createServer((client) => {
    const mine = generation;
    const engine = connect((process.env["DOCKER_HOST"] ?? "").replace("unix://", ""));
    for (const [from, to] of [
      [client, engine],
      [engine, client],
    ] as const) {
      sockets.add(from);
      from.on("data", (data) => mine === generation && to.write(data)).on("error", () => undefined);
      from.on("close", () => mine === generation && to.destroy());
    }
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  return {
    host: `tcp://127.0.0.1:${(server.address() as AddressInfo).port}`,
    silence: () => (generation += 1),
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((done) => server.close(done));
    },
  };
}

async function throughCut(request: RegExp, { forgetful = false } = {}): Promise<string> {
  await using engine = await cuttingAfter(request);
  await using system = await System.start();
  const overrides = { SKEDULER_DOCKER_HOST: engine.host };
  await system.addRunner("away", overrides);
  const { id } = await system.postScript("echo once");
  for (;;) {
    const { rows } = await system.query(
      "select count(*)::int as n, pg_sleep(0.1) from skeduler.attempts where interrupted_at is not null",
    );
    if (rows[0]?.["n"] === 1) break;
  }
  if (forgetful) {
    await system.runners.pop()?.close();
    const [memory] = globSync(join(system.folder, "hosts", "away", "*.attempts"));
    assert.ok(memory);
    rmSync(memory);
  }
  engine.mend();
  if (forgetful) await system.addRunner("away", overrides);
  const ended = await system.ended(id);
  assert.deepEqual([ended.result?.reason, ended.result?.exit_code, ended.attempt?.number], ["exited", 0, 1]);
  assert.equal((await system.log(id, "?stream=stdout")).toString(), "once\n");
  return (await system.log(id)).toString();
}

test("the answer to the start is lost, and it ends unseen: its log says that lines may be missing", async () => {
  const log = await throughCut(/POST \S*\/containers\/[0-9a-f]+\/start /);
  assert.equal(
    log.match(/^\[skeduler\] Docker was away when the container ended: lines from .* may be missing\.$/gm)?.length,
    1,
  );
});

test("the answer to the start is lost, and then what the host remembers: it is found under its name, and does not run again", async () => {
  await throughCut(/POST \S*\/containers\/[0-9a-f]+\/start /, { forgetful: true });
});

test("away before the start: nothing can be missing, and nothing is said", async () => {
  const log = await throughCut(/POST \S*\/containers\/create/);
  assert.doesNotMatch(log, /may be missing/);
});

test("ended while no runner lived, and Docker went on: nothing can be missing, and nothing is said", async () => {
  await using system = await System.start();
  await system.addRunner("away", { SKEDULER_RUNNER_OUTPUTS: system.folder });
  const { id } = await system.postScript(
    "echo up; while [ ! -e /output/go ]; do sleep 0.05; done; echo last; touch /output/gone",
  );
  await system.logged(id, "up\n");
  await system.runners.pop()?.close();
  const output = (name: string): string => join(system.folder, id, "1", name);
  writeFileSync(output("go"), "");
  assert.ok(await eventually(20_000, () => existsSync(output("gone"))));
  await system.addRunner("away");
  assert.equal((await system.ended(id)).result?.exit_code, 0);
  assert.equal((await system.log(id, "?stream=stdout")).toString(), "up\nlast\n");
  assert.doesNotMatch((await system.log(id)).toString(), /may be missing/);
});

test("its word of the end is lost in a connection that went silent: two looks at the containers find the end", async () => {
  await using engine = await silencing();
  await using system = await System.start();
  await system.addRunner("away", {
    SKEDULER_DOCKER_HOST: engine.host,
    SKEDULER_RUNNER_OUTPUTS: system.folder,
  });
  const { id } = await system.postScript(
    "echo up; while [ ! -e /output/go ]; do sleep 0.05; done; echo last; touch /output/gone",
  );
  await system.logged(id, "up\n");
  engine.silence();
  const output = (name: string): string => join(system.folder, id, "1", name);
  writeFileSync(output("go"), "");
  assert.ok(await eventually(20_000, () => existsSync(output("gone"))));
  for (let looks = 0; looks < 3; looks += 1) {
    await system.query("update skeduler.hosts set lost_at = now()"); // its next heartbeat makes it look
    const seen = async (): Promise<boolean> =>
      (await system.query("select from skeduler.hosts where lost_at is null")).rowCount === 1;
    assert.ok(await eventually(60_000, seen));
  }
  assert.equal((await system.ended(id)).result?.exit_code, 0);
  assert.equal((await system.log(id, "?stream=stdout")).toString(), "up\nlast\n");
});

test("the Engine fails at a stop: it is asked again, and what was cancelled is stopped", async () => {
  let asked = 0;
  await using engine = await RefusingProxy.start(
    (request) => /^POST \S*\/containers\/\S+\/stop/.test(request) && (asked += 1) === 1,
  );
  await using system = await System.start();
  await system.addRunner("failing", { SKEDULER_DOCKER_HOST: engine.host });
  const { id } = await system.postScript("trap 'echo bye; exit 7' TERM; echo up; while :; do sleep 0.1; done");
  await system.logged(id, "up\n");
  await system.put(id, { status: "CANCELLED" });
  const { result, attempt } = await system.ended(id);
  assert.deepEqual([result?.reason, attempt?.result?.exit_code, asked], ["user", 7, 2]);
  assert.equal((await system.log(id, "?stream=stdout")).toString(), "up\nbye\n");
});
