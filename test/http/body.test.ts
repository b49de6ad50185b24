// Bodies as they come: any content type, the limit, and every kind of text that is not JSON, not UTF-8 or cannot be stored.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { invalidAt } from "../../runtime/http/json-position.ts";
import { authorized, makeApp, request } from "./app.ts";

async function post(body: string | Uint8Array<ArrayBuffer>, headers: Record<string, string> = {}) {
  return request(makeApp().app, "/experiments", { method: "POST", body, headers: { ...authorized, ...headers } });
}

test("JSON is read whatever its content type says, and its text is kept", async () => {
  const raw = '{"b": 12345678901234567890, "a": "\\u00e9"}';
  for (const type of ["application/json", "text/plain", "application/x-www-form-urlencoded", ""]) {
    const answer = await post(raw, { "Content-Type": type });
    assert.equal(answer.body["raw"], raw);
  }
});

test("what is wrong is said", async () => {
  const cases: [string | Uint8Array<ArrayBuffer>, number, string, RegExp][] = [
    ["", 400, "invalid_json", /is empty/],
    ['{"a": 1', 400, "invalid_json", /ends too early, at line 1, column 8/],
    ['{"a":\n hello}', 400, "invalid_json", /line 2, column 2/],
    [new Uint8Array([0x22, 0xff, 0x22]), 400, "invalid_utf8", /UTF-8/],
    [new Uint8Array([0x22, 0xed, 0xa0, 0x80, 0x22]), 400, "invalid_utf8", /UTF-8/],
    ['{"a":{"b":["\\u0000"]}}', 400, "validation", /^a\.b\.0 holds the character NUL/],
    ['{"\\u0000":1}', 400, "validation", /key that holds the character NUL/],
    ['{"a":"\\ud800"}', 400, "validation", /^a holds half a character/],
    ['{"\\udc00":1}', 400, "validation", /half a character/],
    [JSON.stringify("x".repeat(1000)), 413, "payload_too_large", /1000 bytes.*http\.max_body/],
  ];
  for (const [body, status, code, pattern] of cases) {
    const answer = await post(body);
    assert.deepEqual([answer.status, answer.code], [status, code]);
    assert.match(String(answer.body["error"]), pattern);
  }
  const { app } = makeApp({ env: { SKEDULER_HTTP_MAX_BODY: "1MiB" } });
  const deep = await request(app, "/experiments", {
    method: "POST",
    body: "[".repeat(100_000) + "]".repeat(100_000),
    headers: authorized,
  });
  assert.deepEqual([deep.status, deep.code], [400, "validation"]);
  for (const [levels, status] of [
    [500, 200],
    [501, 400],
  ] as const) {
    const body = "[".repeat(levels) + "]".repeat(levels);
    const answer = await request(app, "/experiments", { method: "POST", body, headers: authorized });
    assert.equal(answer.status, status, `${levels} levels`);
  }
});

test("the position: text that is cut ends too early, an inserted character is found", () => {
  fc.assert(
    fc.property(fc.json(), fc.nat(), (text, where) => {
      assert.equal(invalidAt(text), text.length); // all of it can stand
      const at = where % (text.length + 1);
      const broken = `${text.slice(0, at)}\u0001${text.slice(at)}`;
      const found = invalidAt(broken);
      // Inside a text or number the whole token is what cannot stand.
      assert.ok(found <= at && JSON.stringify(broken.slice(found, at + 1)).length > 2, `${found} for ${at}`);
    }),
  );
});
