// The scripts for the shells, in the shells themselves.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { test } from "node:test";
import { Home } from "../support/cli.ts";

const shells = [
  {
    shell: "bash",
    script: `eval "$(skeduler completion bash)"; COMP_WORDS=(skeduler lo) COMP_CWORD=1; _skeduler; printf '%s\\n' "\${COMPREPLY[@]}"`,
  },
  { shell: "fish", script: `skeduler completion fish | source; complete -C "skeduler lo"` },
];
for (const { shell, script } of shells) {
  const skip = existsSync(`/usr/bin/${shell}`) ? false : `${shell} is not installed`;
  test(`${shell} completes by its script`, { skip }, () => {
    using home = new Home();
    const bin = new URL("../../bin/", import.meta.url).pathname;
    const env = { ...home.env, PATH: `${bin}:${home.env["PATH"] ?? ""}` };
    const said = execFileSync(`/usr/bin/${shell}`, ["-c", script], { cwd: home.folder, env, encoding: "utf8" });
    assert.equal(said, "login\nlogout\nlogs\n");
  });
}
