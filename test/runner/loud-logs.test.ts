import assert from "node:assert/strict";
import { test } from "node:test";
import { LoudLogs } from "../../runtime/runner/loud-logs.ts";

test("a log is loud for a tenth of a second after a chunk of more than 8 KB", () => {
  let now = 50;
  const loud = new LoudLogs(() => now);
  const log = {};
  assert.ok(loud.left(log) <= 0);
  loud.stored(log, 8 * 1024);
  assert.ok(loud.left(log) <= 0);
  loud.stored(log, 8 * 1024 + 1);
  now += 30;
  assert.equal(loud.left(log), 70);
  now += 70;
  assert.equal(loud.left(log), 0);
  loud.stored(log, 100_000);
  loud.stored(log, 10);
  assert.ok(loud.left(log) <= 0);
});

test("the only loud log is known as such for as long as no other is loud", () => {
  let now = 50;
  const loud = new LoudLogs(() => now);
  const [one, other] = [{}, {}];
  assert.equal(loud.isOnly(one), false);
  loud.stored(one, 100_000);
  assert.equal(loud.isOnly(one), true);
  assert.equal(loud.isOnly(other), false);
  now += 30;
  loud.stored(other, 100_000);
  assert.equal(loud.isOnly(one), false);
  assert.equal(loud.isOnly(other), false);
  now += 70; // the one has been silent meanwhile
  assert.equal(loud.isOnly(one), false);
  assert.equal(loud.isOnly(other), true);
  loud.stored(one, 100_000);
  loud.ended(other);
  assert.equal(loud.isOnly(one), true);
});
