// `skeduler up` as its user meets it: the sample runs, kill -9 in the middle of an experiment, the next start finds all as it was.

import assert from "node:assert/strict";
import { once } from "node:events";
import { spawn, type ChildProcess } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { noteInstallationsOf } from "../support/installations.ts";
import { image } from "../support/system.ts";

const program = new URL("../../bin/skeduler.js", import.meta.url).pathname;

class Up {
  readonly child: ChildProcess;
  readonly exited: Promise<number | null>;
  #out = "";
  #heard = Promise.withResolvers<undefined>();

  constructor(folder: string, env: Record<string, string>, words: readonly string[] = []) {
    this.child = spawn(process.execPath, [program, "up", "--no-provision", ...words], {
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

test("the sample runs; a taken port is changed; kill -9 loses nothing; Ctrl-C ends it cleanly", async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "skeduler-up-"));
  const blocker = createServer().listen(0, "127.0.0.1");
  await once(blocker, "listening");
  const address = blocker.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  const env = { SKEDULER_HTTP_LISTEN: `127.0.0.1:${port}` };
  let up: Up | undefined;
  t.signal.addEventListener("abort", () => up?.child.kill("SIGKILL"));
  try {
    up = new Up(folder, env, ["--sample"]);
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
