import assert from "node:assert/strict";
import { test } from "node:test";
import { EntryReader } from "../../runtime/docker/log-entries.ts";
import { LineAssembler } from "../../runtime/runner/line-assembler.ts";

interface Given {
  readonly text: string;
  readonly nanos: number;
  /** How many entries are stored once this is. */
  readonly entries: number;
}

/** An assembler that is fed one entry a nanosecond, and what it gave. */
function assembling(): { assembler: LineAssembler; feed: (text: string) => void; given: Given[] } {
  const given: Given[] = [];
  const assembler = new LineAssembler((reader, _seconds, nanos, bytes, from, to) =>
    given.push({ text: bytes.toString("utf8", from, to), nanos, entries: reader.entries }),
  );
  const reader = new EntryReader("stdout");
  let nanos = 0;
  const feed = (text: string): void => {
    const frame = Buffer.from(`2026-01-02T03:04:05.${String(++nanos).padStart(9, "0")}Z ${text}`);
    reader.read(frame, 0, frame.length, (...entry) => assembler.add(...entry));
    frame.fill(0xff); // the buffer is another's after the call
  };
  return { assembler, feed, given };
}

test("a whole line passes as it is", () => {
  const { feed, given } = assembling();
  feed("line\n");
  assert.deepEqual(given, [{ text: "line\n", nanos: 1, entries: 1 }]);
});

test("parts become one line with the first one's time and the last one's position", () => {
  const { assembler, feed, given } = assembling();
  feed("be");
  assert.deepEqual(given, []);
  feed("gin\n");
  assembler.release();
  assert.deepEqual(given, [{ text: "begin\n", nanos: 1, entries: 2 }]);
});

test("what is held is released as a piece, and the rest follows", () => {
  const { assembler, feed, given } = assembling();
  feed("progress 10%\r");
  assembler.release();
  feed("done\n");
  assert.deepEqual(
    given.map(({ text }) => text),
    ["progress 10%\r", "done\n"],
  );
});

test("a line above 256 KiB is given in pieces", () => {
  const { feed, given } = assembling();
  for (let part = 0; part < 40; part += 1) feed("x".repeat(16_384));
  assert.deepEqual(
    given.map(({ text }) => text.length),
    [16_384 * 16, 16_384 * 16],
  );
});
