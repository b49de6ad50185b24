// What our words meet on their way out: a disk that is full, and a terminal that would obey them.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import { test } from "node:test";
import { Home } from "../support/cli.ts";

const program = new URL("../../bin/skeduler", import.meta.url).pathname;

for (const words of [["--help"], ["completion", "bash"]])
  test(`a full disk is told: ${words.join(" ")}`, () => {
    using home = new Home();
    const full = openSync("/dev/full", "w");
    const { status, stderr } = spawnSync(program, words, { env: home.env, stdio: ["ignore", full, "pipe"] });
    closeSync(full);
    assert.equal(status, 1);
    assert.match(String(stderr), /^skeduler: stdout cannot be written: ENOSPC[^\n]*\n$/);
  });

test("an operator's command says nothing that a terminal would obey", async () => {
  using home = new Home();
  const { code, err } = await home.run(["config", "check", "--config", "\x1b[2Jnone.yaml"]);
  assert.equal(code, 1);
  assert.match(err, /·\[2Jnone\.yaml/);
  assert.ok(!err.includes("\x1b"));
});
