// How a change is put into words, and what happens to text that would mean something to its receiver.

import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { Notice } from "../../runtime/notifications/channel.ts";
import { retryAfterOf } from "../../runtime/notifications/http-post.ts";
import { shown } from "../../runtime/notifications/last-lines.ts";
import {
  discordMarkup,
  mattermostMarkup,
  messageOf,
  plain,
  slackMarkup,
  telegramMarkup,
} from "../../runtime/notifications/markup.ts";
import { digestOf, durationOf, wordsOf } from "../../runtime/notifications/words.ts";

const start = new Date("2026-01-01T00:00:00Z");
const notice = (more: Partial<Notice>): Notice => ({
  seq: "1",
  id: "123e4567-e89b-12d3-a456-426614174001",
  experimentId: "123e4567-e89b-12d3-a456-426614174000",
  status: "FINISHED",
  attempt: 1,
  at: start,
  tries: 0,
  name: "train",
  owner: "ada",
  host: "gpu-01",
  gpus: ["NVIDIA A100", "NVIDIA A100"],
  startedAt: start,
  endedAt: new Date(start.getTime() + 3_723_000),
  result: { reason: "exited", exit_code: 0, signal: null, message: "It exited with 0." },
  json: "{}",
  ...more,
});
const result = (more: object): Notice["result"] => ({
  reason: "exited",
  exit_code: null,
  signal: null,
  message: "Because.",
  ...more,
});

test("the words of each change", () => {
  const said = (more: Partial<Notice>): string => {
    const { mark, name, said, why } = wordsOf(notice(more));
    return [mark, name, said, why].join("|");
  };
  assert.equal(said({}), "✅|train|finished on gpu-01 after 1h 2m, 2 × NVIDIA A100|");
  assert.equal(
    said({ result: result({ exit_code: 137 }), gpus: [] }),
    "❌|train|failed on gpu-01 after 1h 2m, exit code 137|Because.",
  );
  assert.equal(
    said({ status: "CANCELLED", result: result({ reason: "user" }), startedAt: null, host: null, gpus: [] }),
    "⏹️|train|was cancelled|Because.",
  );
  assert.match(
    said({ status: "CANCELLED", result: result({ reason: "host_lost" }) }),
    /^❌\|train\|was cancelled on gpu-01/,
  );
  assert.equal(
    said({ status: "RUNNING", gpus: ["A", "B", "A"], result: null }),
    "▶️|train|is placed on gpu-01, 2 × A, 1 × B|",
  );
  assert.equal(said({ status: "ENQUEUED", attempt: 0, host: null, result: null }), "⏳|train|is enqueued|");
  assert.equal(said({ status: "ENQUEUED", result: result({}) }), "⏳|train|is enqueued again|Because.");
});

test("durations have their two largest units", () => {
  const cases = [
    [0, "0s"],
    [999, "1s"],
    [61_000, "1m 1s"],
    [3_600_000, "1h"],
    [90_061_000, "1d 1h"],
  ] as const;
  for (const [ms, text] of cases) assert.equal(durationOf(ms), text);
});

test("a digest counts, and names the failures first", () => {
  const many = Array.from({ length: 40 }, (_, n) =>
    notice({ name: `n${n}`, ...(n === 3 && { result: result({ exit_code: 1 }) }) }),
  );
  const { head, list, more } = digestOf(many);
  assert.equal(head, "40 changes: 39 finished, 1 failed");
  assert.deepEqual(
    list.slice(0, 3).map(({ name }) => name),
    ["n3", "n39", "n38"],
  );
  assert.equal(more, 25);
});

test("no message is longer than its receiver takes, whatever is in it", () => {
  const markups = [slackMarkup, discordMarkup, mattermostMarkup, telegramMarkup, plain];
  const text = fc.string({ unit: fc.constantFrom("<", "&", "*", "`", "@", "a", "\n", "💥"), maxLength: 6000 });
  fc.assert(
    fc.property(
      text,
      text,
      text,
      fc.constantFrom(...markups),
      fc.integer({ min: 1, max: 60 }),
      (name, message, lines, markup, count) => {
        const one = notice({ name, result: result({ exit_code: 1, message }) });
        assert.ok(
          messageOf(
            markup,
            Array.from({ length: count }, () => one),
            lines,
          ).length <= markup.limit,
        );
      },
    ),
    { numRuns: 300 },
  );
});

test("what calls people or breaks out of its place is only text", () => {
  const one = notice({ name: "<!here> <@U1> @channel **b** ```" });
  const lines = "```\n@all <b>&</b>";
  assert.doesNotMatch(messageOf(slackMarkup, [one], lines), /<!|<@/);
  assert.doesNotMatch(messageOf(mattermostMarkup, [one], ""), /@channel/);
  assert.doesNotMatch(messageOf(telegramMarkup, [one], lines), /<!|<@|<b>&<|& /);
  for (const markup of [slackMarkup, discordMarkup, mattermostMarkup])
    assert.equal(messageOf(markup, [one], lines).match(/```/g)?.length ?? 0, 2, messageOf(markup, [one], lines));
});

test("last lines are shown as a terminal would", () => {
  assert.equal(shown("\u001b[31mred\u001b[0m\n 10%\r 50%\r100%\r\nend\u0007\n"), "red\n100%\nend");
});

test("Retry-After: seconds or a date", () => {
  const now = Date.parse("2026-01-01T00:00:00Z");
  const cases = [
    ["120", 120_000],
    ["0.5", 500],
    ["Thu, 01 Jan 2026 00:01:00 GMT", 60_000],
    ["soon", undefined],
    ["-1", undefined],
    ["", undefined],
    [null, undefined],
  ] as const;
  for (const [header, ms] of cases) assert.equal(retryAfterOf(header, now), ms);
});
