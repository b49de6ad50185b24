// Which days of logs go: the old ones, the oldest where all are too large, never one in which an attempt is open.

import assert from "node:assert/strict";
import { test } from "node:test";
import type { DayOfLogs } from "../../runtime/database/statements/expire-logs.ts";
import { expired } from "../../tasks/expire-logs.ts";

const hour = 3_600_000;
const day = (name: string, more: Partial<DayOfLogs> = {}): DayOfLogs => ({
  day: name,
  bytes: 100,
  state: "attached",
  ended: true,
  age: hour,
  marked: false,
  ...more,
});
const names = (days: readonly DayOfLogs[]): string[] => days.map((one) => one.day);

test("without age and size every log is kept", () => {
  assert.deepEqual(expired([day("1", { age: 1e12, bytes: 1e15 })], 1e15, { age: 0, size: undefined }), []);
});

test("a day goes when the last of its attempts ended longer ago than the age", () => {
  const days = [day("1", { age: 3 * hour }), day("2", { age: 2 * hour }), day("3", { age: 4 * hour, ended: false })];
  assert.deepEqual(names(expired(days, 300, { age: 2 * hour, size: undefined })), ["1"]);
});

test("beyond the size the oldest go until the rest fits; an open day is passed over", () => {
  const days = [day("1"), day("2", { ended: false }), day("3"), day("4")];
  assert.deepEqual(names(expired(days, 450, { age: 0, size: 300 })), ["1", "3"]);
  assert.deepEqual(names(expired(days, 450, { age: 0, size: 450 })), []);
});

test("what was begun is ended, and counts as gone", () => {
  const days = [day("1"), day("2", { marked: true, state: "detaching" })];
  assert.deepEqual(names(expired(days, 200, { age: 0, size: undefined })), ["2"]);
  assert.deepEqual(names(expired(days, 200, { age: 0, size: 50 })), ["1", "2"]);
});
