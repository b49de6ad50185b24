// Questions on a terminal, left with Ctrl-C or Ctrl-D: no defect, and nothing is kept.

import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { Home } from "../support/cli.ts";

const questions = [
  { what: "the address", words: ["login"], asks: /address \[\S+\]: /, unsaid: "No server was given." },
  { what: "the token", words: ["login", "nowhere"], asks: /token for \S+: /, unsaid: "No token was given." },
] as const;
for (const { what, words, asks, unsaid } of questions) {
  test(`login, asked for ${what}: Ctrl-C ends it without a word, Ctrl-D with a sentence`, async () => {
    using home = new Home();
    for (const [key, code, last] of [
      ["\x03", 130, ""],
      ["\x04", 2, `skeduler: ${unsaid}\r\n`],
    ] as const) {
      const talk = home.terminal(words, { env: { NO_COLOR: "1" } });
      const { 0: question, index } = await talk.says(asks);
      talk.type(key);
      assert.equal(await talk.ended, code, talk.out);
      const said = talk.out.slice(index + question.length).replaceAll(/\x1b\[\d*[A-Z]|\r+(?=\r)/g, ""); // readline places the cursor
      assert.equal(said, `\r\n${last}`);
    }
    assert.equal(existsSync(join(home.folder, ".config")), false);
  });
}
