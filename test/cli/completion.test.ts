// The scripts for the shells, in the shells themselves.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
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

const real = { skip: !existsSync("/usr/bin/bash") && "there is no bash here", timeout: 30_000 };
test("in bash a word with : or = in it is completed as one", real, async ({ signal }) => {
  const named = ["exp:one", "exp:two=2"].map((name, n) => ({ id: `${n}190f3a1-0000-7000-8000-000000000000`, name }));
  const server = createServer((_, answer) => answer.end(JSON.stringify(named)));
  await once(server.listen(0, "127.0.0.1"), "listening");
  using home = new Home({ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, token: "t" });
  try {
    const bash = home.bash();
    signal.addEventListener("abort", () => bash.child.kill()); // it would wait for a key for ever
    bash.type('eval "$(skeduler completion bash)"; echo re""ady\n');
    await bash.says(/ready/);
    for (const [typed, becomes] of [
      ["ls --status=RU", "ls --status=RUNNING "],
      ["ls --status RUNNING,F", "ls --status RUNNING,FINISHED "],
      ["logs exp:o", "logs exp:one "],
      ["logs exp:two=", "logs exp:two=2 "],
      ["show exp:one exp:t", "show exp:one exp:two=2 "],
    ] as const) {
      const from = bash.out.length;
      bash.type(`skeduler ${typed}\t`);
      await bash.says(new RegExp(`skeduler ${becomes}`), from);
      bash.type("\x15"); // away with the line
    }
    bash.type("exit\n");
    await bash.ended;
  } finally {
    server.close();
  }
});
