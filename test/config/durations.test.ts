// Go's durations and sizes in bytes: what they mean, and that nothing else passes.
import assert from "node:assert/strict";
import { test } from "node:test";
import { parseDuration, parseSize } from "../../runtime/config/durations.ts";

test("durations", () => {
  const good: [string, number][] = [
    ["15s", 15_000],
    ["1m30s", 90_000],
    ["500ms", 500],
    ["1h", 3_600_000],
    ["1.5s", 1500],
    [".5s", 500],
    ["0", 0],
    ["0s", 0],
    ["1us", 1],
  ];
  for (const [text, ms] of good) assert.equal(parseDuration(text), ms, text);
  for (const text of ["", "15", "s", "-1s", "1 s", "1d", "1s1", "1e3s", "600h"])
    assert.equal(parseDuration(text), undefined, text);
});

test("sizes", () => {
  const good: [string, number][] = [
    ["4GiB", 4 * 1024 ** 3],
    ["500MB", 500_000_000],
    ["64k", 65_536],
    ["1024", 1024],
    ["1.5KiB", 1536],
    ["1 MiB", 1024 ** 2],
  ];
  for (const [text, bytes] of good) assert.equal(parseSize(text), bytes, text);
  for (const text of ["", "GiB", "-1", "1.5", "4XiB", "1e3", "9999999TiB"])
    assert.equal(parseSize(text), undefined, text);
});
