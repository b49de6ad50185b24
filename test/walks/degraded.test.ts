// What the database depends on gives out, one thing at a time: it is away, it takes no more connections, its disk is full. The API
// says so with 503, runners keep what they have, and all is well again without a restart, nothing lost.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { test } from "node:test";
import { startApi } from "../../runtime/api.ts";
import { containerName } from "../../runtime/docker/container-options.ts";
import { connectEngine } from "../../runtime/docker/engine.ts";
import { createLog } from "../../runtime/log.ts";
import { CutProxy } from "../support/cut-proxy.ts";
import { asAdmin } from "../support/database.ts";
import { RunnerProcess } from "../support/runner-process.ts";
import { System, token } from "../support/system.ts";

const { docker } = connectEngine();

function through(database: string, proxy: CutProxy): string {
  const url = new URL(database);
  url.host = `127.0.0.1:${proxy.port}`;
  return url.href;
}

/** A second API process of the system on another address of its database. */
async function addApi(system: System, database: string): Promise<string> {
  const config = system.config();
  const api = await startApi({ config, database, tokens: config.tokens, log: createLog("error") });
  system.apis.push(api);
  return api.url;
}

interface Told {
  readonly status: number;
  readonly retryAfter: string | null;
  readonly took: number;
}

async function ask(url: string, init: RequestInit = {}): Promise<Told> {
  const asked = performance.now();
  const response = await fetch(`${url}/experiments?limit=1`, { ...init, headers: { Authorization: token } });
  await response.arrayBuffer();
  const { status, headers } = response;
  return { status, retryAfter: headers.get("Retry-After"), took: performance.now() - asked };
}

async function untilAnswered(url: string): Promise<void> {
  while ((await ask(url)).status !== 200) await sleep(100);
}

/** Bytes that the process has in memory. */
function memoryOf(pid: number): number {
  const found = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
  return Number(found) * 1024;
}

test("the database away: 503 within a second; a container that floods its log meanwhile costs the runner no memory, and no line", async () => {
  await using system = await System.start();
  await using proxy = await CutProxy.start(system.database);
  const url = await addApi(system, through(system.database, proxy));
  const runner = await RunnerProcess.start(system, "flooded", { SKEDULER_DATABASE: through(system.database, proxy) });
  try {
    const line = "x".repeat(99);
    const script = `echo up; while [ ! -e /tmp/go ]; do sleep 0.05; done; yes ${line} | head -n 400000; echo down; exit 2`;
    const { id } = await system.postScript(script);
    await system.logged(id, "up\n");
    const container = docker.getContainer(containerName((await system.get(id)).attempt?.id ?? ""));
    proxy.cut();
    const before = memoryOf(runner.pid);
    for (const init of [{}, { method: "POST", body: '{"name": "n", "docker": {"image": "i"}}' }]) {
      const { status, retryAfter, took } = await ask(url, init);
      assert.deepEqual([status, retryAfter], [503, "1"]);
      assert.ok(took < 2_000, `answered after ${Math.round(took)} ms; 1 s is promised, the rest is for a busy machine`);
    }
    await (await container.exec({ Cmd: ["touch", "/tmp/go"] })).start({});
    await container.wait();
    const grown = (memoryOf(runner.pid) - before) / 1024 ** 2;
    assert.ok(
      grown < 32,
      `40 MB were written while the database was away, and the runner grew by ${Math.round(grown)} MiB`,
    );
    proxy.mend();
    await untilAnswered(url);
    const done = await system.ended(id);
    assert.deepEqual([done.status, done.result?.exit_code], ["FINISHED", 2]);
    const log = (await system.log(id, "?stream=stdout")).toString();
    assert.ok(log === `up\n${`${line}\n`.repeat(400_000)}down\n`, "the log is not what was written");
  } finally {
    await runner.stop();
  }
});

test("too many connections: 503, and all is well when there is room again, the queue and the listener too", async () => {
  await using system = await System.start();
  const role = `limited_${new URL(system.database).pathname.slice(1)}`;
  const owner = new URL(system.database).username;
  await asAdmin(async (client) => client.query(`create role ${role} login password 'pw'; grant ${owner} to ${role}`));
  const limited = new URL(system.database);
  limited.username = role;
  limited.password = "pw";
  try {
    const url = await addApi(system, limited.href);
    await system.apis.shift()?.close(); // what is left depends on the limit alone
    assert.equal((await ask(url)).status, 200);
    await system.query(`alter role ${role} connection limit 0`);
    const end = "select pg_terminate_backend(pid) from pg_stat_activity where usename = $1";
    await system.query(end, [role]);
    const { status, retryAfter } = await ask(url);
    assert.deepEqual([status, retryAfter], [503, "1"]);
    await system.query(`alter role ${role} connection limit 50`);
    await untilAnswered(url);
    await system.addRunner("roomy");
    const { id } = await system.postScript("echo placed");
    const tail = await system.fetch(`/logs/${id}/tail?stream=stdout`);
    assert.equal(await tail.text(), "placed\n");
  } finally {
    await Promise.all(system.apis.splice(0).map(async (api) => api.close()));
    await asAdmin(async (client) => client.query(`reassign owned by ${role} to ${owner}; drop role ${role}`)).catch(
      () => undefined,
    );
  }
});
