import assert from "node:assert/strict";
import { test } from "node:test";
import { parseDuration, parseSize } from "../../runtime/experiment/units.ts";

const durations: readonly [string, number | undefined][] = [
  ["15s", 15_000],
  ["1m30s", 90_000],
  ["500ms", 500],
  ["1.5h", 5_400_000],
  ["0", 0],
  ["15", undefined],
  ["s", undefined],
  ["-1s", undefined],
  ["1 s", undefined],
  ["", undefined],
  ["1000h", undefined],
];
for (const [text, expected] of durations) test(`duration ${text}`, () => assert.equal(parseDuration(text), expected));

const sizes: readonly [string, number | undefined][] = [
  ["4GiB", 4 * 1024 ** 3],
  ["500MB", 500_000_000],
  ["64k", 65_536],
  ["10", 10],
  ["1.5GiB", 1.5 * 1024 ** 3],
  ["1.005GB", 1_005_000_000],
  ["1.1GiB", 1_181_116_006],
  ["", undefined],
  ["GiB", undefined],
  ["-1k", undefined],
  ["1xB", undefined],
];
for (const [text, expected] of sizes) test(`size ${text}`, () => assert.equal(parseSize(text), expected));

test("a very long text is neither, and that at once", () => {
  const began = performance.now();
  for (const text of ["1".repeat(100_000), "0s".repeat(50_000) + "1s", `1.${"0".repeat(100_000)}GiB`])
    assert.deepEqual([parseDuration(text), parseSize(text)], [undefined, undefined]);
  assert.ok(performance.now() - began < 1000);
});
