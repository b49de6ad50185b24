import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { parseDuration, parseSize, sizeOf } from "../../runtime/experiment/units.ts";

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

const shown: readonly [number, string][] = [
  [81_559 * 1024 ** 2, "79.6GiB"], // an H100 that is sold as 80GB
  [80 * 1024 ** 3, "80GiB"],
  [1024 ** 3, "1GiB"],
  [1024 ** 3 - 1, "1023.9MiB"],
  [0, "0MiB"],
];
for (const [bytes, text] of shown) test(`${bytes} bytes are shown as ${text}`, () => assert.equal(sizeOf(bytes), text));

test("what is shown of a size can be asked for, and is nearly all of it", () => {
  fc.assert(
    fc.property(
      fc.maxSafeNat().map((bytes) => Math.floor(bytes / 16)),
      (bytes) => {
        const asked = parseSize(sizeOf(bytes)) ?? Infinity;
        assert.ok(asked <= bytes && bytes - asked <= (bytes < 1024 ** 3 ? 1024 ** 2 : 1024 ** 3) / 10 + 1);
      },
    ),
  );
});

test("a card is asked for by the size that it is sold as", () => {
  assert.ok((parseSize("80GB") ?? Infinity) <= 81_559 * 1024 ** 2);
  assert.ok((parseSize("80GiB") ?? 0) > 81_559 * 1024 ** 2);
});
