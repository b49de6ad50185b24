// What JSON allows and Postgres cannot keep is refused, to the level and the character.
import assert from "node:assert/strict";
import { test } from "node:test";
import { checkText } from "../../runtime/http/check-text.ts";

const nested = (levels: number): string => `{"a":${"[".repeat(levels - 1)}${"]".repeat(levels - 1)}}`;
const check = (raw: string): void => checkText(JSON.parse(raw), raw);

test("500 levels of nesting are taken, one more is refused, with escapes and without", () => {
  for (const escape of ["", String.raw`\u00fc`]) {
    const body = (levels: number): string => nested(levels).replace("a", escape);
    check(body(500));
    assert.throws(() => check(body(501)), { code: "validation", message: /more than 500 levels/ });
    assert.throws(() => check(body(100_000)), { code: "validation", message: /more than 500 levels/ });
  }
});

test("NUL and half a character are refused where they stand, in a short body and in a long one", () => {
  const faults = {
    [String.raw`\u0000`]: "the character NUL (\\u0000)",
    [String.raw`\ud800`]: "half a character (a lone surrogate)",
  };
  for (const filler of ["", "x".repeat(2000)]) {
    const body = (text: string): string => `{"filler":"${filler}","list":[1,{"at":"${text}"}]}`;
    for (const [text, what] of Object.entries(faults))
      assert.throws(() => check(body(text)), {
        code: "validation",
        details: [{ path: "list.1.at", message: `holds ${what}, which cannot be stored` }],
      });
    check(body(String.raw`\ud83d\ude00 \n`));
  }
});
