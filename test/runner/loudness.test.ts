import assert from "node:assert/strict";
import { test } from "node:test";
import { Loudness } from "../../runtime/runner/loudness.ts";

test("a log is loud for a tenth of a second after a chunk of more than 8 KB", () => {
  let now = 50;
  const loudness = new Loudness(() => now);
  assert.equal(loudness.left, 0);
  loudness.stored(8 * 1024);
  assert.equal(loudness.left, 0);
  loudness.stored(8 * 1024 + 1);
  assert.equal(loudness.left, 100);
  now += 30;
  assert.equal(loudness.left, 70);
  now += 70;
  assert.equal(loudness.left, 0);
  now += 1;
  assert.equal(loudness.left, 0);
  loudness.stored(100_000);
  loudness.stored(10);
  assert.equal(loudness.left, 0);
});
