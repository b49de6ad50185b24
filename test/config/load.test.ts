// The configuration as users meet it: the documented file, the example, the environment, and one sentence for each fault.
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { parse } from "yaml";
import { loadConfig } from "../../runtime/config/load.ts";
import { keyPaths } from "../../runtime/config/paths.ts";
import { UserError } from "../../runtime/errors.ts";

const folder = mkdtempSync(join(tmpdir(), "skeduler-config-"));
after(() => rmSync(folder, { recursive: true }));

function load(yaml: string, env: NodeJS.ProcessEnv = {}) {
  const file = join(folder, "config.yaml");
  writeFileSync(file, yaml);
  return loadConfig({ file, env });
}

function sentenceOf(yaml: string, env: NodeJS.ProcessEnv = {}): string {
  try {
    load(yaml, env);
  } catch (error) {
    assert.ok(error instanceof UserError, String(error));
    assert.equal(error.exitCode, 1);
    assert.doesNotMatch(error.message, /\n/);
    return error.message.replace(folder, "");
  }
  return assert.fail("no fault was found");
}

const example = new URL("../../config.yaml.example", import.meta.url);

test("the example holds every key, with its default", () => {
  const text = readFileSync(example, "utf8");
  assert.deepEqual(load(text), load(""));
  const value: unknown = parse(text);
  for (const { path } of keyPaths) {
    let at = value;
    for (const part of path) {
      assert.ok(
        typeof at === "object" && at !== null && Object.hasOwn(at, part),
        `${path.join(".")} is not in the example`,
      );
      at = (at as Record<string, unknown>)[part];
    }
    const line = text.split("\n").findIndex((candidate) => candidate.trimStart().startsWith(`${path.at(-1) ?? ""}:`));
    assert.match(text.split("\n")[line - 1] ?? "", /^\s*# ./, `${path.join(".")} has no line of reason`);
  }
});

test("the documented file loads", () => {
  const config = load(`
database: "postgres://user:password@host:5432/database_name"
telegram_token: "telegram_token"
http: { listen: ":8080", read_timeout: "15s", idle_timeout: "1m30s" }
tokens: ["token_1", "token_2", { name: ada, token: t3 }]
`);
  assert.equal(config.database, "postgres://user:password@host:5432/database_name");
  assert.deepEqual(config.http.listen, { host: undefined, port: 8080 });
  assert.equal(config.http.idle_timeout, 90_000);
  assert.deepEqual(config.tokens, [
    { name: "token-1", token: "token_1" },
    { name: "token-2", token: "token_2" },
    { name: "ada", token: "t3" },
  ]);
});

test("every key can be overridden from the environment", () => {
  const values: Record<string, string> = {
    database: "postgres://a/b",
    telegram_token: "t",
    "http.listen": "[::1]:9",
    "http.read_timeout": "1s",
    "http.idle_timeout": "2s",
    "http.max_body": "2MiB",
    "http.allowed_hosts": "a.example,b.example",
    "http.allowed_origins": '["https://a.example"]',
    tokens: '[{"name":"ada","token":"x"},"y"]',
    data: "/elsewhere",
    "docker.host": "unix:///run/d.sock",
    "runner.name": "gpu-1",
    "runner.slots": "3",
    "runner.outputs": "/outputs",
    "runner.pull_timeout": "3s",
    "runner.stop_grace": "4s",
    "runner.log_max_size": "1GiB",
    log_level: "debug",
  };
  assert.deepEqual(keyPaths.map(({ path }) => path.join(".")).sort(), Object.keys(values).sort());
  const env = Object.fromEntries(keyPaths.map(({ path, variable }) => [variable, values[path.join(".")]]));
  assert.deepEqual(load("http: { listen: ':1' }\ntokens: [z]", env), {
    database: "postgres://a/b",
    telegram_token: "t",
    http: {
      listen: { host: "::1", port: 9 },
      read_timeout: 1000,
      idle_timeout: 2000,
      max_body: 2 * 1024 ** 2,
      allowed_hosts: ["a.example", "b.example"],
      allowed_origins: ["https://a.example"],
    },
    tokens: [
      { name: "ada", token: "x" },
      { name: "token-2", token: "y" },
    ],
    data: "/elsewhere",
    docker: { host: "unix:///run/d.sock" },
    runner: {
      name: "gpu-1",
      slots: 3,
      outputs: "/outputs",
      pull_timeout: 3000,
      stop_grace: 4000,
      log_max_size: 1024 ** 3,
    },
    log_level: "debug",
  });
});

test("variables that are no keys: ours and the tests' pass, others are refused", () => {
  load("", {
    SKEDULER_HOST: "h",
    SKEDULER_TOKEN: "t",
    SKEDULER_ID: "i",
    SKEDULER_TEST_ANYTHING: "1",
    OTHER: "2",
    SKEDULER_TOKENS: "",
  });
  assert.match(
    sentenceOf("", { SKEDULER_HTTP_LISTN: "x" }),
    /SKEDULER_HTTP_LISTN.*did you mean SKEDULER_HTTP_LISTEN\?/,
  );
});

const faults: [string, string, RegExp][] = [
  [
    "unknown key at the top",
    "databse: x",
    /^Unknown key databse in .*did you mean database\?.*allowed at the top level are database, /,
  ],
  [
    "unknown key in a section",
    "http: { listn: ':1' }",
    /^Unknown key http\.listn .*did you mean listen\?.*allowed at http are listen/,
  ],
  ["key of another section", "slots: 3", /did you mean runner\.slots\?/],
  ["bad duration", "http: { read_timeout: 15 }", /^http\.read_timeout in .* must be a duration like "15s".*not 15\./],
  ["negative duration", "http: { idle_timeout: '-1s' }", /^http\.idle_timeout/],
  ["bad size", "http: { max_body: lots }", /^http\.max_body in .* a size like "4GiB".*"lots"/],
  ["bad address", "http: { listen: '8080' }", /^http\.listen .* ":8080" \(every interface\)/],
  ["port out of range", "http: { listen: ':70000' }", /^http\.listen/],
  ["section that is none", "http: 5", /^http in .* must be a section with the keys listen, /],
  ["slots", "runner: { slots: 0 }", /^runner\.slots .*1 to 10000, not 0/],
  ["outputs", "runner: { outputs: here }", /absolute path/],
  ["origin with a path", "http: { allowed_origins: ['https://a/b'] }", /^http\.allowed_origins .*without a path/],
  ["level", "log_level: loud", /debug, info, warn, error, not "loud"/],
  ["not YAML", "http: [", /is not correct YAML at line 1, column \d+/],
  ["not keys", "- 1", /must hold keys and values/],
];
for (const [name, yaml, pattern] of faults) test(`fault: ${name}`, () => assert.match(sentenceOf(yaml), pattern));

test("no sentence shows a secret", () => {
  for (const yaml of [
    "database: 'mysql://u:sesame@h/d'",
    "tokens: [sesame, sesame]",
    "tokens: ['sesame ']",
    "tokens: [{token: sesame, name: ''}]",
    "telegram_token: [sesame]",
    "tokens: [sesame\nhttp: : 1",
  ])
    assert.doesNotMatch(sentenceOf(yaml), /sesame/);
});

test("a fault from the environment names the variable; a missing file is said", () => {
  assert.match(sentenceOf("", { SKEDULER_RUNNER_SLOTS: "many" }), /^SKEDULER_RUNNER_SLOTS must be a whole number/);
  assert.match(sentenceOf("http: 5", { SKEDULER_HTTP_LISTEN: ":1" }), /^http in .* must be a section/);
  assert.throws(() => loadConfig({ file: "/nowhere.yaml", env: {} }), /\/nowhere\.yaml does not exist/);
});
