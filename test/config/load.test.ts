// Every fault in a configuration is one sentence: the key, what was wrong, what is allowed. Secrets are never repeated.

import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { loadConfig } from "../../runtime/config/load.ts";
import { ensureTokens } from "../../runtime/config/tokens.ts";
import type { OpenAttempt } from "../../runtime/database/statements/runner.ts";
import { UserError } from "../../runtime/errors.ts";
import { environmentOf } from "../../runtime/runner/environment.ts";

const folder = mkdtempSync(join(tmpdir(), "skeduler-config-"));
after(() => rmSync(folder, { recursive: true }));

function file(text: string): string {
  const path = join(folder, "config.yaml");
  writeFileSync(path, text);
  return path;
}

test("the documented configuration loads", () => {
  const config = loadConfig({
    file: file(`
database: "postgres://user:password@host:5432/database_name"
telegram_token: "telegram_token"
http: { listen: ":8080", read_timeout: "15s", idle_timeout: "1m30s" }
tokens: ["token_1", "token_2", {name: "ada", token: "token_3"}]
`),
    env: {},
  });
  assert.deepEqual(config.http.listen, { host: undefined, port: 8080 });
  assert.equal(config.http.idle_timeout, 90_000);
  assert.deepEqual(
    config.tokens.map(({ name }) => name),
    ["token-1", "token-2", "ada"],
  );
});

test("every key can be overridden from the environment", () => {
  const env = {
    SKEDULER_HTTP_LISTEN: "127.0.0.1:1",
    SKEDULER_TOKENS: "a,b",
    SKEDULER_RUNNER_SLOTS: "3",
    SKEDULER_LOG_LEVEL: "debug",
  };
  const config = loadConfig({ file: file('tokens: ["c"]\nrunner: {slots: 9}'), env });
  assert.deepEqual(
    [config.http.listen.port, config.tokens.length, config.runner.slots, config.log_level],
    [1, 2, 3, "debug"],
  );
});

const faults: readonly [what: string, yaml: string, expected: RegExp][] = [
  ["an unknown key", "databse: x", /databse.*database/s],
  ["an unknown key within", "http: {port: 1}", /http.*port.*listen/s],
  ["a bad duration", 'http: {read_timeout: "15"}', /http\.read_timeout.*15s.*not "15"/s],
  ["a bad address", 'http: {listen: "8080"}', /http\.listen.*":8080"/s],
  ["a wrong type", "runner: {slots: many}", /runner\.slots.*whole number/s],
  ["a host that is lost at once", 'hosts: {lost_after: "3s"}', /hosts\.lost_after.*at least 30s.*not "3s"/s],
  ["a host that is always lost", "hosts: {lost_after: 0}", /hosts\.lost_after.*at least 30s.*not 0/s],
  ["a pull that always fails", 'runner: {pull_timeout: "0"}', /runner\.pull_timeout.*at least 1s.*not "0"/s],
  [
    "a pattern without quotes",
    "container: {images: [**]}",
    /not correct YAML: a value that begins with \* has to be quoted\.$/,
  ],
  [
    "another",
    "notifications: {targets: [{name: a, names: [*-train]}]}",
    /^(?!.*train).*not correct YAML: a value that begins with \*/,
  ],
  ["a GPU that is none", "runner: {gpus: [null]}", /runner\.gpus.*indexes/],
  ["a GPU that is an empty text", 'runner: {gpus: [""]}', /runner\.gpus.*indexes/],
  ["a GPU that is true", "runner: {gpus: [true]}", /runner\.gpus.*indexes/],
  ["half a GPU", "runner: {gpus: [0.5]}", /runner\.gpus.*indexes/],
  [
    "a host name with a port",
    'http: {allowed_hosts: ["lab:8080"]}',
    /http\.allowed_hosts.*without scheme and port.*"lab:8080"/,
  ],
  ["a URL as a host name", 'http: {allowed_hosts: ["https://lab.example.org"]}', /http\.allowed_hosts.*without scheme/],
  ["a pattern as a host name", 'http: {allowed_hosts: ["*.lab"]}', /http\.allowed_hosts.*without scheme/],
  ["no mapping", "- a", /./],
  ["no YAML", "a: [", /./],
];
for (const [what, yaml, expected] of faults) {
  test(`${what} is one sentence`, () => {
    assert.throws(
      () => loadConfig({ file: file(yaml), env: {} }),
      (error) => error instanceof UserError && expected.test(error.message) && !error.message.trim().includes("\n"),
    );
  });
}

test("GPUs are numbers or their digits, host names bare", () => {
  const config = loadConfig({
    file: file('runner: {gpus: [0, "12"]}\nhttp: {allowed_hosts: [lab, gpu-1.lab.example.org, my_lab, "*"]}'),
    env: {},
  });
  assert.deepEqual(config.runner.gpus, [0, 12]);
  assert.deepEqual(config.http.allowed_hosts, ["lab", "gpu-1.lab.example.org", "my_lab", "*"]);
  assert.deepEqual(loadConfig({ file: file(""), env: { SKEDULER_RUNNER_GPUS: "0,2" } }).runner.gpus, [0, 2]);
});

test("the least that is allowed is allowed", () => {
  const { hosts, runner } = loadConfig({
    file: file('hosts: {lost_after: "30s"}\nrunner: {pull_timeout: "1s"}'),
    env: {},
  });
  assert.deepEqual([hosts.lost_after, runner.pull_timeout], [30_000, 1_000]);
});

test("a secret is not repeated in its fault", () => {
  assert.throws(
    () => loadConfig({ file: file('database: "mysql://root:hunter2@x"\ntokens: ["a b"]'), env: {} }),
    (error) => error instanceof UserError && !/hunter2|a b/.test(error.message),
  );
});

test("what a container of ours is told about itself is not refused there", () => {
  const attempt = { experiment_id: "i", name: "n", number: 1, gpus: ["g"] } as unknown as OpenAttempt;
  const env = environmentOf(attempt, {}, { host: "h", output: "/outputs/i" });
  assert.deepEqual(loadConfig({ env }), loadConfig({ env: {} }));
  // Nobody is told to set them.
  assert.throws(
    () => loadConfig({ env: { SKEDULER_NONE: "x" } }),
    /, SKEDULER_HOST, SKEDULER_TOKEN, SKEDULER_CONTEXT, SKEDULER_CONFIG\.$/,
  );
});

test("a command's own default is for what neither the file nor the environment sets", () => {
  const level = (text: string, env: Record<string, string> = {}): string =>
    loadConfig({ file: file(text), env, defaults: { log_level: "warn" } }).log_level;
  assert.deepEqual(
    [level(""), level("log_level:"), level("log_level: info"), level("", { SKEDULER_LOG_LEVEL: "debug" })],
    ["warn", "warn", "info", "debug"],
  );
  assert.equal(level("", { SKEDULER_LOG_LEVEL: "" }), "warn");
});

test("an unknown variable and a missing file are refused", () => {
  assert.throws(() => loadConfig({ env: { SKEDULER_HTTP_LISTN: "x" } }), /SKEDULER_HTTP_LISTN/);
  assert.throws(() => loadConfig({ file: join(folder, "none.yaml"), env: {} }), UserError);
});

test("a token is made once, kept for this user alone, and used again", () => {
  const config = { tokens: [], data: join(folder, "data") };
  const told: string[] = [];
  const first = ensureTokens(config, (token) => told.push(token));
  assert.deepEqual(
    ensureTokens(config, (token) => told.push(token)),
    first,
  );
  assert.equal(told.length, 1);
  assert.match(told[0] ?? "", /^sk_[\w-]{43}$/);
});
