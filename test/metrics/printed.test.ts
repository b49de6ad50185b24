// Which lines are metrics, and how they are gathered.

import assert from "node:assert/strict";
import { test } from "node:test";
import { BlockBuilder } from "../../runtime/metrics/block.ts";
import { parsePrinted, PrintedReader } from "../../runtime/metrics/printed.ts";

const parse = (line: string): unknown => {
  const found = parsePrinted(Buffer.from(line));
  return found && { ...Object.fromEntries(found.values), ...(found.step !== undefined && { step: found.step }) };
};

test("a line of the form is a metric", () => {
  assert.deepEqual(parse("::metric loss=0.25\n"), { loss: 0.25 });
  assert.deepEqual(parse("::metric loss=1e-3 train/acc=.5 step=100\r\n"), { loss: 0.001, "train/acc": 0.5, step: 100 });
  assert.deepEqual(parse("::metric  a=-1 \t b=+2."), { a: -1, b: 2 });
  assert.deepEqual(parse("::metric loss=nan up=inf down=-Infinity\n"), { loss: NaN, up: Infinity, down: -Infinity });
  assert.deepEqual(parse("::metric much=1e301\n"), { much: Infinity });
});

test("any other is a line like all others", () => {
  for (const line of [
    "",
    ":",
    "::",
    "::metrics a=1",
    "::metric",
    "::metric step=1",
    "::metric a",
    "::metric a=",
    "::metric a=1 b",
    "::metric a=0x10",
    "::metric a=1,5",
    "::metric 1a=1",
    "::metric a=1 step=nan",
    " ::metric a=1",
    `::metric ${"a".repeat(101)}=1`,
    `::metric a=1 ${" ".repeat(9000)}`,
  ])
    assert.equal(parse(line), undefined, line);
});

test("what begins within a line is none", () => {
  const reader = new PrintedReader({ stdout: false, stderr: true });
  const sampleOf = (stream: "stdout" | "stderr", text: string) =>
    reader.read(stream, 1, 2_500_000, Buffer.from(`##${text}##`), 2, 2 + text.length);
  const read = (stream: "stdout" | "stderr", text: string): boolean => sampleOf(stream, text) !== undefined;
  assert.deepEqual(
    [
      read("stderr", "::metric a=1\n"), // the rest of a long line that an earlier runner had begun
      read("stderr", "::metric a=1\n"),
      read("stdout", "long"),
      read("stderr", "::metric a=1\n"),
      read("stdout", "::metric a=1\n"),
      read("stdout", "::metric a=1\n"),
    ],
    [false, true, false, true, false, true],
  );
  assert.equal(sampleOf("stdout", "::metric a=1")?.time, 1002);
});

test("a block keeps a value per sample and name, and does not grow with names that come and go", () => {
  const block = new BlockBuilder();
  block.add({ time: 1, values: new Map([["a", 1]]) });
  block.add({ time: 2, step: 7, values: new Map([["b", 2]]) });
  assert.deepEqual(block.build(), { names: ["a", "b"], times: [1, 2], steps: [null, 7], data: [1, null, null, 2] });
  const wild = new BlockBuilder();
  let taken = 0;
  for (const one of Array.from({ length: 1000 }, (_, n) => ({ time: n, values: new Map([[`n${n}`, n]]) }))) {
    if (!wild.fits(one)) break;
    wild.add(one);
    taken += 1;
  }
  assert.ok(taken > 10 && taken < 100, String(taken));
});
