import assert from "node:assert/strict";
import { test } from "node:test";
import { parseRange } from "../../runtime/http/range.ts";

const cases: readonly [header: string | undefined, length: number, expected: ReturnType<typeof parseRange>][] = [
  [undefined, 10, undefined],
  ["bytes=0-0", 10, { start: 0, end: 1 }],
  ["bytes=2-", 10, { start: 2, end: 10 }],
  ["bytes=2-99", 10, { start: 2, end: 10 }],
  ["bytes=-3", 10, { start: 7, end: 10 }],
  ["bytes=-30", 10, { start: 0, end: 10 }],
  ["bytes=-0", 10, "unsatisfiable"],
  ["bytes=10-", 10, "unsatisfiable"],
  ["bytes=0-", 0, "unsatisfiable"],
  ["bytes=5-2", 10, undefined],
  ["bytes=1-2,4-5", 10, undefined],
  ["lines=1-2", 10, undefined],
  ["bytes=-", 10, undefined],
];

for (const [header, length, expected] of cases) {
  test(`${header ?? "no header"} of ${length} bytes`, () => assert.deepEqual(parseRange(header, length), expected));
}
