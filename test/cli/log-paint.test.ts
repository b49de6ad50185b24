// A log on a terminal: our lines dimmed, the layers of a pull in the status line, the program's own bytes untouched.

import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { LogPaint } from "../../runtime/cli/log-paint.ts";

const terminal = { isTerminal: true, paint: (text: string) => `<${text}>` };

function shown(parts: readonly string[]): { text: string; said: (string | undefined)[] } {
  const said: (string | undefined)[] = [];
  const paint = new LogPaint(terminal, (text) => said.push(text));
  const text = parts.map((part) => paint.shown(Buffer.from(part)).toString()).join("") + paint.rest().toString();
  return { text, said };
}

test("our lines are dimmed wherever the bytes are split, the program's are left alone", () => {
  const log = "[skeduler] attempt 1\nout [skeduler] no\n[skeduler]no\n\n[skeduler] end\nlast [ske";
  const expected = "<[skeduler] attempt 1>\nout [skeduler] no\n[skeduler]no\n\n<[skeduler] end>\nlast [ske";
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: log.length })), (cuts) => {
      const at = [0, ...cuts.sort((a, b) => a - b), log.length];
      assert.equal(shown(at.slice(1).map((end, n) => log.slice(at[n], end))).text, expected);
    }),
  );
});

test("the layers of a pull are counted in one line", () => {
  const { text, said } = shown([
    "[skeduler] pulling big:latest\n[skeduler] 0123456789ab: Pulling fs layer\n[skeduler] ba9876543210: Already exists\n",
    "[skeduler] 0123456789ab: Pull complete\n[skeduler] pulled big:latest\n",
  ]);
  assert.equal(text, "<[skeduler] pulling big:latest>\n<[skeduler] pulled big:latest>\n");
  assert.deepEqual(said, [
    "pulling the image: 0 of 1 layers are here",
    "pulling the image: 1 of 2 layers are here",
    "pulling the image: 2 of 2 layers are here",
    undefined,
  ]);
});
