// `skeduler up` as its user meets it: the sample runs, kill -9 in the middle of an experiment, the next start finds all as it was;
// a second one beside it is refused, and Ctrl-C ends it with all that reads it.

import assert from "node:assert/strict";
import { once } from "node:events";
import { spawn, type ChildProcess } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { findPostmaster } from "../../runtime/up/postmaster.ts";
import { noteInstallationsOf } from "../support/installations.ts";
import { rootOnly } from "../support/root-only.ts";
import { image } from "../support/system.ts";

const program = new URL("../../bin/skeduler.js", import.meta.url).pathname;

class Up {
  readonly child: ChildProcess;
  readonly exited: Promise<number | null>;
  #out = "";
  #heard = Promise.withResolvers<undefined>();

  constructor(folder: string, env: Record<string, string>, words: readonly string[] = ["--no-provision"]) {
    this.child = spawn(process.execPath, [program, "up", ...words], {
      cwd: folder,
      env: {
        ...process.env,
        HOME: folder,
        SKEDULER_DATA: join(folder, "data"),
        SKEDULER_RUNNER_NAME: "up-host",
        ...env,
      },
      stdio: ["ignore", "pipe", "pipe"],
    });
    const hear = (text: Buffer): void => {
      this.#out += text.toString();
      this.#heard.resolve(undefined);
      this.#heard = Promise.withResolvers();
    };
    this.child.stdout?.on("data", hear);
    this.child.stderr?.on("data", hear);
    this.exited = new Promise((resolve) => this.child.on("close", resolve));
  }

  get said(): string {
    return this.#out;
  }

  async says(pattern: RegExp): Promise<RegExpExecArray> {
    const gone = new AbortController();
    const end = this.exited.then(() => gone.abort());
    for (;;) {
      const match = pattern.exec(this.#out);
      if (match !== null) return match;
      if (gone.signal.aborted) throw new Error(`skeduler up ended without saying ${pattern.source}: ${this.#out}`);
      await Promise.race([this.#heard.promise, end]);
    }
  }
}

function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "skeduler-up-"));
  chmodSync(folder, 0o755); // Postgres' user can reach it: its data are nowhere else
  return folder;
}

test("the sample runs; a taken port is changed; kill -9 loses nothing; Ctrl-C ends it cleanly", async (t) => {
  const folder = newFolder();
  const blocker = createServer().listen(0, "127.0.0.1");
  await once(blocker, "listening");
  const address = blocker.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  const env = { SKEDULER_HTTP_LISTEN: `127.0.0.1:${port}` };
  let up: Up | undefined;
  t.signal.addEventListener("abort", () => up?.child.kill("SIGKILL"));
  try {
    up = new Up(folder, env, ["--no-provision", "--sample"]);
    await up.says(/port \d+ is taken by another program: taking a free one/);
    await up.says(/the sample is FINISHED: Finished with exit code 0\./);
    assert.match(up.said, /result: pi = 3\.14/);
    await up.says(/ready; Ctrl-C stops it/);
    const [, url = ""] = await up.says(/the API is at (http:\S+);/);
    const token = readFileSync(join(folder, "data/token"), "utf8").trim();
    assert.equal(statSync(join(folder, "data/token")).mode & 0o777, 0o600);
    // The command line knows it at once.
    const contexts = JSON.parse(readFileSync(join(folder, ".config/skeduler/contexts.json"), "utf8")) as unknown;
    assert.deepEqual(contexts, { current: "local", contexts: { local: { host: url, token } } });
    const headers = { Authorization: token };
    const body = JSON.stringify({ name: "long", docker: { image, command: "sh -c 'echo up; sleep 3; echo down'" } });
    const { id } = (await (await fetch(`${url}/experiments`, { method: "POST", headers, body })).json()) as {
      id: string;
    };
    const tail = await fetch(`${url}/logs/${id}/tail?stream=stdout`, { headers });
    const first = await tail.body?.getReader().read();
    assert.equal(Buffer.from(first?.value ?? []).toString(), "up\n");
    up.child.kill("SIGKILL");
    await up.exited;

    up = new Up(folder, { SKEDULER_HTTP_LISTEN: "127.0.0.1:0" });
    const [, secondUrl = ""] = await up.says(/the API is at (http:\S+);/);
    assert.match(up.said, /using the Postgres that still runs/);
    const log = await (await fetch(`${secondUrl}/logs/${id}/tail?stream=stdout`, { headers })).text();
    assert.equal(log, "up\ndown\n");
    const ended = (await (await fetch(`${secondUrl}/experiments/${id}`, { headers })).json()) as {
      status: string;
      attempt: { number: number };
    };
    assert.deepEqual([ended.status, ended.attempt.number], ["FINISHED", 1]);
    up.child.kill("SIGINT");
    assert.equal(await up.exited, 0, up.said);
  } finally {
    up?.child.kill("SIGKILL");
    blocker.close();
    noteInstallationsOf(join(folder, "data"));
    rmSync(folder, { recursive: true, force: true });
  }
});

test("a second one is refused and the first goes on; Ctrl-C in a pipe ends it cleanly although nobody reads it", async (t) => {
  const folder = newFolder();
  const config = join(folder, "config.yaml");
  writeFileSync(config, "log_level: info\nhttp: {listen: 127.0.0.1:0}\n");
  const env = { SKEDULER_CONFIG: config };
  const all: Up[] = [];
  const start = (): Up => {
    const up = new Up(folder, env);
    all.push(up);
    return up;
  };
  const first = start();
  t.signal.addEventListener("abort", () => all.forEach(({ child }) => child.kill("SIGKILL")));
  try {
    const [, url = ""] = await first.says(/the API is at (http:\S+);/);
    await first.says(/"msg":"the runner is ready"/); // the file's log_level counts
    const second = start();
    assert.equal(await second.exited, 1);
    const already = "`skeduler up` already runs here";
    const sentence = `skeduler: ${already} (process ${first.child.pid}, data in ${folder}/data): `;
    assert.equal(second.said.slice(0, sentence.length), sentence);
    assert.match(second.said, /^[^\n]+\n$/);
    assert.equal((await fetch(`${url}/readyz`)).status, 200);

    await first.says(/ready; Ctrl-C stops it/);
    first.child.stdout?.destroy(); // as `| tee log`, which Ctrl-C ends too
    first.child.stderr?.destroy();
    first.child.kill("SIGINT");
    assert.equal(await first.exited, 0);
    assert.equal(await findPostmaster(join(folder, "data/postgres/data")), undefined);
  } finally {
    for (const { child } of all) child.kill("SIGKILL");
    rmSync(folder, { recursive: true, force: true });
  }
});

test("of an Engine of its own it says the socket", rootOnly("have a Docker Engine of its own"), async (t) => {
  const folder = newFolder();
  mkdirSync(join(folder, "data/docker/data"), { recursive: true }); // one was started here before
  const up = new Up(folder, { DOCKER_HOST: "", SKEDULER_HTTP_LISTEN: "127.0.0.1:0" }, []);
  t.signal.addEventListener("abort", () => up.child.kill("SIGTERM"));
  try {
    const [, socket = ""] = await up.says(/docker: DOCKER_HOST=unix:\/\/(\/run\/skeduler-[0-9a-f]{8}\/docker\.sock)\n/);
    assert.ok(existsSync(socket));
    await up.says(/ready; Ctrl-C stops it/);
    up.child.kill("SIGINT");
    assert.equal(await up.exited, 0, up.said);
    assert.ok(!existsSync(socket));
  } finally {
    up.child.kill("SIGTERM");
    await up.exited;
    noteInstallationsOf(join(folder, "data"));
    rmSync(folder, { recursive: true, force: true });
  }
});
