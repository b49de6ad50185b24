// Text in a terminal's cells, and times as people say them.

import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { cut, plain, widthOf } from "../../runtime/cli/text.ts";
import { endOf, ranOf } from "../../runtime/cli/experiment-columns.ts";
import { ahead, ago, runtime, span } from "../../runtime/cli/time.ts";
import { sinceTime } from "../../runtime/cli/since.ts";

test("cells: wide characters take two, a cut text says so and never takes more than it may", () => {
  assert.equal(widthOf("abc"), 3);
  assert.equal(widthOf("実験"), 4);
  assert.equal(widthOf("e\u0301"), 1);
  assert.equal(cut("experiment", 6), "exper…");
  assert.equal(cut("実験実験", 5), "実験…");
  assert.equal(cut("fits", 4), "fits");
  fc.assert(
    fc.property(fc.string({ unit: "grapheme" }), fc.integer({ min: 1, max: 30 }), (text, width) => {
      assert.ok(widthOf(cut(plain(text), width)) <= width);
    }),
  );
});

test("nothing that a terminal would obey is left in a name", () => {
  assert.equal(plain("a\x1b[2Jb\r\nc\u202e"), "a·[2Jb·c·");
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (text) => {
      assert.doesNotMatch(plain(text), /[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/);
    }),
  );
});

test("times", () => {
  const spans: [ms: number, text: string][] = [
    [-5, "0s"],
    [8_400, "8s"],
    [61_000, "1m 1s"],
    [720_000, "12m"],
    [754_000, "12m"],
    [11_100_000, "3h 5m"],
    [187_200_000, "2d 4h"],
    [172_800_000, "2d"],
  ];
  for (const [ms, text] of spans) assert.equal(span(ms), text);
  const now = Date.parse("2026-11-24T12:00:00Z");
  assert.equal(ago("2026-11-24T11:59:00Z", now), "1m ago");
  assert.equal(ahead("2026-11-24T12:05:00Z", now), "in 5m");
  assert.equal(ahead("2026-11-24T11:00:00Z", now), "now");
  assert.equal(runtime({ started_at: null, ended_at: null }, now), "");
  assert.equal(runtime({ started_at: "2026-11-24T11:00:00Z", ended_at: null }, now), "1h");
  assert.equal(sinceTime("1h30m", now), "2026-11-24T10:30:00.000Z");
  assert.equal(sinceTime("2d", now), "2026-11-22T12:00:00.000Z");
  assert.equal(sinceTime("2026-11-24T10:00:00.123456789Z", now), "2026-11-24T10:00:00.123456789Z");
  assert.equal(sinceTime("2026-11-24", now), "2026-11-24T00:00:00.000Z");
  assert.equal(sinceTime("2026-11-24 10:00Z", now), "2026-11-24T10:00:00.000Z");
  for (const text of ["yesterday-ish", "10", "2026", "foo 10", "11/24/2026", "2026-13-45"])
    assert.throws(() => sinceTime(text, now), /how long ago/, text);
});

test("a cancelled experiment has ended when its container has", () => {
  const [started, cancelled, stopped] = ["2026-11-24T10:00:00Z", "2026-11-24T11:00:00Z", "2026-11-24T11:00:09Z"];
  const now = Date.parse("2026-11-24T12:00:00Z");
  const attempt = { number: 1, host: "h", gpus: [], output: null };
  const cases: [
    ended: string | null,
    attempt: [ended: string | null, closed: string | null] | null,
    end: string | null,
  ][] = [
    [null, null, null],
    [null, [null, null], null],
    [cancelled, null, cancelled], // before it was placed
    [cancelled, [null, null], null], // being stopped
    [cancelled, [stopped, null], stopped], // its log is being completed
    [cancelled, [stopped, stopped], stopped],
    [cancelled, [null, stopped], cancelled], // it never had a container
    [cancelled, [started, started], cancelled], // while it waited for another try
  ];
  for (const [ended_at, one, end] of cases)
    assert.equal(
      endOf({ ended_at, attempt: one && { ...attempt, ended_at: one[0], closed_at: one[1] } }),
      end,
      JSON.stringify([ended_at, one]),
    );
  const open = { ...attempt, ended_at: null, closed_at: null };
  assert.equal(ranOf({ started_at: started, ended_at: cancelled, attempt: open }, now), "2h");
});
