// What is read from stdin, and what Node is told of the words that come behind the program's name.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { Home } from "../support/cli.ts";

const nobody = { url: "http://127.0.0.1:1", token: "t" };

for (const words of [
  ["enqueue", "--dry-run", "-"],
  ["enqueue", "--dry-run", "--env-file", "-", "image"],
])
  test(`stdin may be slow: ${words.join(" ")}`, async () => {
    using home = new Home(nobody);
    const file = words.at(-1) === "-";
    const long = "x".repeat(4 << 20);
    const parts = file ? [`{"name": "slow", "metadata": "${long}`, '", "last": 1}'] : [`A=${long}\n`, "last=1\n"];
    const talk = home.start(words);
    // Flushed: it has begun to read, and has read most.
    await new Promise((flushed) => talk.child.stdin.write(parts[0], flushed));
    talk.child.stdin.end(parts[1]);
    assert.equal(await talk.ended, 0, talk.err);
    assert.match(talk.out.slice(-100), /"last": "?1"?/);
  });

test("Node takes no word for its own: --env-file is ours, or the container's", () => {
  using home = new Home(nobody);
  writeFileSync(join(home.folder, "ours.env"), "NODE_OPTIONS=--no-such-option\nA=1\n");
  const words = ["run", "--dry-run", "--env-file", "ours.env", "image", "python", "--env-file", "theirs.env"];
  const bin = new URL("../../bin/", import.meta.url).pathname;
  const older = "/usr/bin/node"; // starts the checkout's where it is older
  const starts = [
    [`${bin}skeduler`, ...words],
    ...(existsSync(older) ? [[older, "--", `${bin}skeduler.js`, ...words]] : []),
  ];
  for (const [file = "", ...rest] of starts) {
    const { status, stdout, stderr } = spawnSync(file, rest, { cwd: home.folder, env: home.env, encoding: "utf8" });
    assert.equal(status, 0, stderr);
    const { docker } = JSON.parse(stdout) as { docker: unknown };
    assert.deepEqual(docker, {
      image: "image",
      command: "python --env-file theirs.env",
      environment: { NODE_OPTIONS: "--no-such-option", A: "1" },
    });
  }
});
