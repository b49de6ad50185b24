import assert from "node:assert/strict";
import { test } from "node:test";
import type { LogEntry } from "../../runtime/docker/log-entries.ts";
import { LineAssembler } from "../../runtime/runner/line-assembler.ts";

let entries = 0;
function entry(text: string): LogEntry {
  entries += 1;
  const position = { seconds: 1, nanos: entries, same: 1, entries, owed: false, long: false };
  return { stream: "stdout", seconds: 1, nanos: entries, bytes: Buffer.from(text), position };
}

test("a whole line passes as it is", () => {
  const one = entry("line\n");
  assert.equal(new LineAssembler().add(one), one);
});

test("parts become one line with the first one's time and the last one's position", () => {
  const assembler = new LineAssembler();
  const [a, b] = [entry("be"), entry("gin\n")];
  assert.equal(assembler.add(a), undefined);
  const record = assembler.add(b);
  assert.deepEqual([record?.bytes.toString(), record?.nanos, record?.position], ["begin\n", a.nanos, b.position]);
  assert.equal(assembler.release(), undefined);
});

test("what is held is released as a piece, and the rest follows", () => {
  const assembler = new LineAssembler();
  assembler.add(entry("progress 10%\r"));
  assert.equal(assembler.release()?.bytes.toString(), "progress 10%\r");
  assert.equal(assembler.add(entry("done\n"))?.bytes.toString(), "done\n");
});

test("a line above 256 KiB is given in pieces", () => {
  const assembler = new LineAssembler();
  const part = "x".repeat(16_384);
  const pieces = Array.from({ length: 40 }, () => assembler.add(entry(part))).filter((record) => record !== undefined);
  assert.deepEqual(
    pieces.map((piece) => piece.bytes.length),
    [16_384 * 16, 16_384 * 16],
  );
});
