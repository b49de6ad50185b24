// A log with times, cut anywhere and come back to: the bytes shown are those of the log, each once, and so is each time.

import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { PlainCount } from "../../runtime/cli/plain-count.ts";

const time = "2026-11-24T14:20:07.123456789Z ";

/** What the server gives from an offset on: a time before each line that begins there. */
function answer(log: string, offset: number): string {
  const begins = offset === 0 || log[offset - 1] === "\n";
  const rest = log.slice(offset);
  return (begins && rest !== "" ? time : "") + rest.replaceAll(/\n(?!$)/g, `\n${time}`);
}

test("through any cuts, what is shown is the whole answer, once", () => {
  const line = fc.oneof(
    fc.constant(""),
    fc.constant(time),
    fc.string({ unit: fc.constantFrom("a", "2", "Z", " ", ":") }),
  );
  const log = fc.tuple(fc.array(line), fc.boolean()).map(([lines, ended]) => lines.join("\n") + (ended ? "\n" : ""));
  fc.assert(
    fc.property(log, fc.array(fc.integer({ min: 0, max: 80 })), fc.integer({ min: 1, max: 40 }), (text, cuts, size) => {
      const count = new PlainCount();
      let [offset, shown] = [0, ""];
      for (const cut of [...cuts, Infinity]) {
        const sent = Buffer.from(answer(text, offset)).subarray(0, cut);
        count.reset();
        for (let at = 0; at < sent.length; at += size) {
          shown += count.whole(sent.subarray(at, at + size)).toString();
          offset += count.take();
        }
      }
      assert.equal(offset, text.length);
      assert.equal(shown, answer(text, 0));
    }),
  );
});
