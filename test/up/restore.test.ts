// A database that is restored to a moment before, under hosts that run: nothing is started twice, no container is stopped, and
// what ran after that moment waits for an operator's word.

import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { test } from "node:test";
import { z } from "zod";
import { startApi, type Api } from "../../runtime/api.ts";
import { loadConfig } from "../../runtime/config/load.ts";
import { migrate } from "../../runtime/database/migrate.ts";
import { containerName } from "../../runtime/docker/container-options.ts";
import { connectEngine } from "../../runtime/docker/engine.ts";
import { createLog } from "../../runtime/log.ts";
import { startRunner, type Runner } from "../../runtime/runner/start.ts";
import { noteInstallationsOf } from "../support/installations.ts";
import { RestorablePostgres } from "../support/restorable-postgres.ts";
import { image, token, type Experiment } from "../support/system.ts";

const { docker } = connectEngine();

const hostSchema = z.object({
  problem: z.string().nullable(),
  restored: z
    .object({
      unknown: z.array(
        z.object({
          experiment: z.string(),
          attempt: z.string(),
          number: z.number(),
          name: z.string(),
          running: z.boolean(),
          result: z.object({ exit_code: z.number().nullable() }).nullable(),
        }),
      ),
    })
    .nullable(),
});

/** An API and hosts on a database that comes and goes; whoever waits asks again and again. */
class Lab implements AsyncDisposable {
  readonly #cleanup = new AsyncDisposableStack();
  readonly #folder = mkdtempSync(join(tmpdir(), "skeduler-restore-"));
  readonly #database: string;
  readonly #runners = new Map<string, Runner>();
  #api: Api | undefined;

  constructor(database: string) {
    this.#database = database;
    this.#cleanup.defer(() => rmSync(this.#folder, { recursive: true, force: true }));
    this.#cleanup.defer(() => noteInstallationsOf(this.#folder));
  }

  #config(name: string) {
    return loadConfig({
      env: {
        SKEDULER_DATABASE: this.#database,
        SKEDULER_TOKENS: token,
        SKEDULER_HTTP_LISTEN: "127.0.0.1:0",
        SKEDULER_DATA: this.#folder,
        SKEDULER_RUNNER_NAME: name,
        SKEDULER_RUNNER_SLOTS: "8",
        SKEDULER_RUNNER_STOP_GRACE: "1s",
      },
    });
  }

  async startApi(): Promise<void> {
    const config = this.#config("none");
    const api = await startApi({ config, database: this.#database, tokens: config.tokens, log: createLog("error") });
    this.#api = api;
    this.#cleanup.defer(async () => api.close());
  }

  async startRunner(name: string): Promise<void> {
    const options = { config: this.#config(name), database: this.#database, version: "test" };
    const runner = await startRunner({ ...options, log: createLog("error") });
    this.#runners.set(name, runner);
  }

  async stopRunner(name: string): Promise<void> {
    const runner = this.#runners.get(name);
    this.#runners.delete(name);
    await runner?.close();
  }

  async call(path: string, method = "GET", body?: object): Promise<{ status: number; text: string }> {
    const init = { method, headers: { Authorization: token }, ...(body && { body: JSON.stringify(body) }) };
    const response = await fetch((this.#api?.url ?? "") + path, init);
    return { status: response.status, text: await response.text() };
  }

  async post(name: string, host: string, script: string): Promise<string> {
    const docker = { image, command: `sh -c '${script}'` };
    const { status, text } = await this.call("/experiments", "POST", { name, docker, resources: { host } });
    assert.equal(status, 200, text);
    return (JSON.parse(text) as Experiment).id;
  }

  async get(id: string): Promise<Experiment | undefined> {
    const { status, text } = await this.call(`/experiments/${id}`);
    return status === 200 ? (JSON.parse(text) as Experiment) : undefined;
  }

  async until(id: string, isSo: (experiment: Experiment) => boolean): Promise<Experiment> {
    return eventually(async () => {
      const found = await this.get(id);
      return found !== undefined && isSo(found) ? found : undefined;
    });
  }

  async stdout(id: string): Promise<string> {
    return (await this.call(`/logs/${id}?stream=stdout`)).text;
  }

  async host(name: string): Promise<z.infer<typeof hostSchema>> {
    const { status, text } = await this.call(`/hosts/${name}`);
    if (status !== 200) return { problem: text, restored: null };
    return hostSchema.parse(JSON.parse(text));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#runners.keys()].map(async (name) => this.stopRunner(name)));
    await this.#cleanup.disposeAsync();
  }
}

async function eventually<T>(look: () => Promise<T | undefined>): Promise<T> {
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    await sleep(50);
  }
}

const ended = (e: Experiment): boolean => e.attempt?.closed_at != null;
const started = (e: Experiment): boolean => e.attempt?.started_at != null;
const upTo = (go: string): string => `echo up; while [ ! -e /tmp/${go} ]; do sleep 0.05; done; echo down; exit 4`;

async function letGo(attempt: string): Promise<void> {
  const exec = await docker.getContainer(containerName(attempt)).exec({ Cmd: ["touch", "/tmp/go"] });
  await exec.start({});
}

/** How often a container of each experiment was started since. */
async function starts(since: number): Promise<Map<string, number>> {
  const stream = await docker.getEvents({ since, until: Math.ceil(Date.now() / 1000), filters: { event: ["start"] } });
  let text = "";
  for await (const part of stream) text += String(part);
  const counts = new Map<string, number>();
  for (const line of text.split("\n").filter(Boolean)) {
    const id = (JSON.parse(line) as { Actor: { Attributes: Record<string, string> } }).Actor.Attributes[
      "skeduler.experiment"
    ];
    if (id !== undefined) counts.set(id, (counts.get(id) ?? 0) + 1);
  }
  return counts;
}

test("restored to a moment before: what ran since is reported, nothing starts twice, and an operator decides", async () => {
  const since = Math.floor(Date.now() / 1000) - 1;
  await using postgres = await RestorablePostgres.start();
  await migrate(postgres.url);
  await using lab = new Lab(postgres.url);
  await lab.startApi();
  await lab.startRunner("stays");
  await lab.startRunner("leaves");
  await postgres.backUp();

  const goesOn = await lab.post("goes on", "stays", upTo("go"));
  const endsAfter = await lab.post("ends after", "stays", upTo("go"));
  for (const id of [goesOn, endsAfter]) await lab.until(id, started);
  for (const host of ["stays", "leaves"]) await lab.call(`/hosts/${host}`, "PUT", { state: "cordoned" });
  const runs = await lab.post("runs", "stays", upTo("go"));
  const ran = await lab.post("ran", "stays", "echo ran; exit 3");
  const elsewhere = await lab.post("elsewhere", "leaves", upTo("go"));
  await postgres.mark("before");

  // The moments that will be lost.
  for (const host of ["stays", "leaves"]) await lab.call(`/hosts/${host}`, "PUT", { state: "active" });
  const isNew = await lab.post("new", "stays", upTo("go"));
  const before = new Map<string, string>();
  for (const id of [runs, elsewhere, isNew]) before.set(id, (await lab.until(id, started)).attempt?.id ?? "");
  await letGo((await lab.get(endsAfter))?.attempt?.id ?? "");
  for (const id of [ran, endsAfter]) await lab.until(id, ended);
  await lab.stopRunner("leaves");
  await postgres.stop();
  await postgres.restore("before");

  // The host that stays finds it by itself; nothing is placed while the other one was not heard.
  const { restored } = await eventually(async () => {
    const host = await lab.host("stays");
    return host.restored === null ? undefined : host;
  });
  assert.deepEqual(
    restored?.unknown.map(({ name, running, result }) => [name, running, result?.exit_code ?? null]).sort(),
    [
      ["new", true, null],
      ["ran", false, 3],
      ["runs", true, null],
    ],
  );
  const anywhere = await lab.post("anywhere", "stays", "true");
  const why = async (id: string): Promise<string> =>
    (JSON.parse((await lab.call(`/experiments/${id}/placement`)).text) as { message: string }).message;
  for (const host of ["stays", "leaves"]) await lab.call(`/hosts/${host}`, "PUT", { state: "active" });
  assert.match(await why(anywhere), /nothing is placed before leaves was heard/);
  assert.match(await why(ran), /It ran on stays after the moment to which the database was restored/);
  const known = await lab.until(endsAfter, ended);
  assert.deepEqual([known.status, known.result?.exit_code, known.attempt?.number], ["FINISHED", 4, 1]);
  assert.match(
    (await lab.call(`/logs/${endsAfter}`)).text,
    /\[skeduler\] the database was restored to a moment before/,
  );
  await lab.startRunner("leaves");
  assert.deepEqual(
    (await lab.host("leaves")).restored?.unknown.map(({ name }) => name),
    ["elsewhere"],
  );
  assert.match((await lab.host("stays")).problem ?? "", /waits for an operator's word/);
  for (const [id, attempt] of before) {
    assert.equal((await docker.getContainer(containerName(attempt)).inspect()).State.Running, true);
    assert.notEqual((await lab.get(id))?.status, "RUNNING");
  }

  // The word: what runs on one host counts, what ran there does not; on the other nothing does.
  const of = (name: string): string => restored.unknown.find((one) => one.name === name)?.attempt ?? "";
  const adopt = { restored: "adopt", attempts: [of("runs"), of("new")] };
  assert.equal((await lab.call("/hosts/stays", "PUT", adopt)).status, 200);
  assert.equal((await lab.call("/hosts/stays", "PUT", { restored: "discard" })).status, 200);
  assert.equal((await lab.call("/hosts/stays", "PUT", { restored: "discard" })).status, 409);
  assert.equal((await lab.call("/hosts/leaves", "PUT", { restored: "discard" })).status, 200);
  for (const id of [goesOn, runs, isNew]) await letGo((await lab.until(id, started)).attempt?.id ?? "");
  for (const id of [goesOn, runs, isNew]) {
    const done = await lab.until(id, ended);
    assert.deepEqual(
      [done.name, done.status, done.result?.exit_code, done.attempt?.number],
      [done.name, "FINISHED", 4, 1],
    );
    assert.equal(await lab.stdout(id), "up\ndown\n");
  }
  assert.equal((await lab.until(ran, ended)).result?.exit_code, 3);
  const again = await lab.until(elsewhere, started);
  assert.notEqual(again.attempt?.id, before.get(elsewhere));
  await lab.call(`/experiments/${elsewhere}`, "PUT", { status: "CANCELLED" });
  await lab.until(elsewhere, ended);
  await lab.until(anywhere, ended);
  // Once each; twice only what was discarded.
  const counts = await starts(since);
  assert.deepEqual(
    [goesOn, endsAfter, runs, isNew, ran, elsewhere].map((id) => counts.get(id)),
    [1, 1, 1, 1, 2, 2],
  );
});
