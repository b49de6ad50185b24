// The commands as processes: what they say, where, and with which exit code.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { parse } from "yaml";
import { keyPaths } from "../../runtime/config/paths.ts";
import { createTestDatabase } from "../support/database.ts";

const program = new URL("../../bin/skeduler.js", import.meta.url).pathname;
const folder = mkdtempSync(join(tmpdir(), "skeduler-commands-"));
after(() => rmSync(folder, { recursive: true }));

interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

async function skeduler(
  words: readonly string[],
  env: Record<string, string> = {},
  onOutput?: (text: string, kill: (signal: NodeJS.Signals) => void) => void,
): Promise<Ended> {
  const clean = Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !name.startsWith("SKEDULER_") || name.startsWith("SKEDULER_TEST")),
  );
  const child = spawn(process.execPath, [program, ...words], {
    cwd: folder,
    env: { ...clean, SKEDULER_DATA: folder, SKEDULER_TOKENS: "t", ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let [out, err] = ["", ""];
  child.stdout.on("data", (text: Buffer) => (out += text.toString()));
  child.stderr.on("data", (text: Buffer) => {
    err += text.toString();
    onOutput?.(err, (signal) => child.kill(signal));
  });
  return new Promise((resolve) => child.on("close", (code) => resolve({ code, out, err })));
}

test("who reads the help may leave before its end", async () => {
  const child = spawn(process.execPath, [program, "--help"], { stdio: ["ignore", "pipe", "pipe"] });
  child.stdout.destroy(); // nobody ever reads it
  let err = "";
  child.stderr.on("data", (text: Buffer) => (err += text.toString()));
  const [code] = (await once(child, "close")) as [number | null];
  assert.deepEqual({ code, err }, { code: 141, err: "" });
});

test("a server whose log nobody reads serves and stops all the same, and says later what is missing", async () => {
  const database = await createTestDatabase();
  const child = spawn(process.execPath, [program, "api"], {
    cwd: folder,
    env: {
      ...process.env,
      SKEDULER_DATABASE: database.url,
      SKEDULER_TOKENS: "t",
      SKEDULER_HTTP_LISTEN: "127.0.0.1:0",
      SKEDULER_LOG_LEVEL: "debug",
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  try {
    let said = "";
    const url = await new Promise<string>((resolve) => {
      const onData = (text: Buffer): void => {
        said += text.toString();
        const found = /"url":"([^"]+)"/.exec(said)?.[1];
        if (found === undefined) return;
        child.stderr.off("data", onData).pause();
        resolve(found);
      };
      child.stderr.on("data", onData);
    });
    const path = `/healthz?${"x".repeat(100)}`;
    const ask = async (): Promise<void> => {
      const headers = { "X-Request-Id": "r".repeat(100) };
      const answer = await fetch(url + path, { headers, signal: AbortSignal.timeout(5_000) });
      assert.equal(answer.status, 200);
      await answer.text();
    };
    // Of some 300 bytes a line, a pipe and what Node reads ahead take 128 KiB, and what waits a megabyte.
    for (let n = 0; n < 6_000; n += 1) await ask();
    const rest = (async () => {
      for await (const text of child.stderr as AsyncIterable<Buffer>) {
        said += text.toString();
        if (said.includes("lines of this log are missing")) break;
      }
    })();
    await rest;
    const lines = said.trim().split("\n");
    for (const line of lines) JSON.parse(line); // none is torn
    const missing = lines.map((line) => JSON.parse(line) as { msg: string; lines?: number });
    const dropped = missing.find(({ msg }) => msg.includes("are missing"))?.lines ?? 0;
    const kept = missing.filter(({ msg }) => msg === "request").length;
    assert.ok(dropped > 0 && dropped + kept === 6_000, `${dropped} missing and ${kept} kept`);
  } finally {
    child.kill("SIGTERM");
    const [code] = (await once(child, "exit")) as [number | null];
    await database.drop();
    assert.equal(code, 0);
  }
});

test("version, help, and a wrong command line", async () => {
  assert.match((await skeduler(["version"])).out, /^\d+\.\d+\.\d+\n$/);
  const help = await skeduler(["--help"]);
  assert.equal(help.code, 0);
  for (const name of ["up", "api", "runner", "migrate", "config", "version"])
    assert.match(help.out, new RegExp(`^ +${name}`, "m"));
  const wrong = await skeduler(["runne"]);
  assert.deepEqual([wrong.code, wrong.out], [2, ""]);
  assert.match(wrong.err, /runner/);
});

const sentences: readonly [what: string, words: string[], env: Record<string, string>, expected: RegExp][] = [
  ["a missing configuration", ["api", "--config", "none.yaml"], {}, /none\.yaml/],
  ["a bad duration", ["config", "check"], { SKEDULER_HTTP_READ_TIMEOUT: "soon" }, /read_timeout.*soon/i],
  ["no database", ["api"], {}, /database/],
  [
    "a database that does not answer",
    ["api"],
    { SKEDULER_DATABASE: "postgres://u:secret@127.0.0.1:1/x" },
    /127\.0\.0\.1:1\/x.*ECONNREFUSED/,
  ],
  [
    "a data folder that cannot be made",
    ["up"],
    { SKEDULER_DATA: "/dev/null/data" },
    /folder \/dev\/null\/data .*ENOTDIR/,
  ],
  [
    "an Engine that does not answer",
    ["runner"],
    { SKEDULER_DATABASE: "postgres://u:p@127.0.0.1:1/x", SKEDULER_DOCKER_HOST: "unix:///nowhere.sock" },
    /^skeduler: The Docker Engine at unix:\/\/\/nowhere\.sock does not answer/,
  ],
  [
    "an Engine's address that is none",
    ["runner"],
    { SKEDULER_DATABASE: "postgres://u:p@127.0.0.1:1/x", DOCKER_HOST: "ssh://ada@gpu-1" },
    /ssh:\/\/ada@gpu-1/,
  ],
  [
    "an Engine that no name server knows",
    ["runner"],
    { SKEDULER_DATABASE: "postgres://u:p@127.0.0.1:1/x", DOCKER_HOST: "tcp://nowhere.invalid" },
    /tcp:\/\/nowhere\.invalid does not answer/,
  ],
];
for (const [what, words, env, expected] of sentences) {
  test(`${what} is one sentence and exit code 1`, async () => {
    const { code, out, err } = await skeduler(words, env);
    assert.deepEqual([code, out], [1, ""], err);
    assert.match(err, /^skeduler: [^\n]+\n$/);
    assert.match(err, expected);
    assert.doesNotMatch(err, /secret/);
  });
}

test("config check shows what counts, and nothing that is secret", async () => {
  const given: Readonly<Record<string, string>> = {
    database: "postgres://ada:SECRET@db.lab:5433/lab?sslpassword=SECRET&application_name=lab",
    telegram_token: "1:SECRET",
    tokens: '["SECRET", {"name": "ada", "token": "SECRET-of-ada"}]',
    "notifications.targets": '[{"name": "chat", "slack": "https://hooks.example.org/SECRET"}]',
    "notifications.smtp.server": "smtps://bob:SECRET@mail.lab",
    "tracing.headers": '["Authorization=Bearer SECRET"]',
  };
  const secrets = keyPaths.filter(({ secret }) => secret);
  assert.deepEqual(secrets.map(({ path }) => path.join(".")).sort(), Object.keys(given).sort());
  const env = Object.fromEntries(secrets.map(({ path, variable }) => [variable, given[path.join(".")] ?? ""]));
  const { code, out, err } = await skeduler(["config", "check"], env);
  assert.deepEqual([code, err], [0, ""]);
  assert.doesNotMatch(out, /SECRET/);
  const shown = parse(out) as Record<string, unknown>;
  assert.equal(shown["database"], "postgres://ada:hidden@db.lab:5433/lab?sslpassword=hidden&application_name=lab");
  assert.deepEqual(shown["tokens"], [{ name: "token-1" }, { name: "ada" }]);
  assert.deepEqual(shown["tracing"], { endpoint: null, headers: { Authorization: "hidden" }, sample: 1 });
  assert.match(out, /server: smtps:\/\/bob:hidden@mail\.lab\n/);
  assert.match(out, /targets:\n +- name: chat\n +kind: slack\n +timeout:/);
});

test("a database that is not migrated, and one that is; a port that is taken; a clean stop", async () => {
  const database = await createTestDatabase({ empty: true });
  const taken = createServer().listen(0, "127.0.0.1");
  await once(taken, "listening");
  try {
    const env = { SKEDULER_DATABASE: database.url, SKEDULER_HTTP_LISTEN: "127.0.0.1:0" };
    const early = await skeduler(["api"], env);
    assert.equal(early.code, 1);
    assert.match(early.err, /skeduler migrate/);
    const migrated = await skeduler(["migrate"], env);
    assert.deepEqual([migrated.code, migrated.err], [0, ""]);
    assert.match((await skeduler(["migrate"], env)).out, /up to date/);
    const address = taken.address();
    const port = typeof address === "object" && address !== null ? address.port : 0;
    const busy = await skeduler(["api"], { ...env, SKEDULER_HTTP_LISTEN: `127.0.0.1:${port}` });
    assert.equal(busy.code, 1);
    assert.match(busy.err, new RegExp(`^skeduler: [^\\n]*port ${port} is taken[^\\n]*\\n$`));
    const served = await skeduler(["api"], env, (text, kill) => {
      if (text.includes("the API is ready")) kill("SIGTERM");
    });
    assert.equal(served.code, 0, served.err);
  } finally {
    taken.close();
    await database.drop();
  }
});
