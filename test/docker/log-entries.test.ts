import assert from "node:assert/strict";
import { test } from "node:test";
import { copyPosition, EntryReader, type StreamPosition } from "../../runtime/docker/log-entries.ts";

const part = "x".repeat(16_384);
const at = (nanos: number): string => `2026-01-02T03:04:05.${String(nanos).padStart(9, "0")}Z`;

interface Entry {
  readonly seconds: number;
  readonly nanos: number;
  readonly bytes: string;
  readonly position: StreamPosition;
}

function read(frames: readonly (readonly [nanos: number, payload: string])[], from?: StreamPosition): Entry[] {
  const reader = new EntryReader("stdout");
  if (from !== undefined) reader.resume(from);
  const entries: Entry[] = [];
  for (const [nanos, payload] of frames) {
    const frame = Buffer.from(`header${at(nanos)} ${payload}`);
    reader.read(frame, 6, frame.length, (position, bytes, start, end) => {
      const { seconds, nanos: time } = position;
      entries.push({
        seconds,
        nanos: time,
        bytes: bytes.toString("utf8", start, end),
        position: copyPosition(position),
      });
    });
  }
  return entries;
}

const bytes = (entries: readonly Entry[]): string => entries.map((entry) => entry.bytes).join("");

test("time is exact to the nanosecond", () => {
  const [entry] = read([[123_456_789, "a\n"]]);
  assert.deepEqual(
    [entry?.seconds, entry?.nanos, entry?.bytes],
    [Date.UTC(2026, 0, 2, 3, 4, 5) / 1000, 123_456_789, "a\n"],
  );
});

test("the newline after a line above 16 KB is given when the next entry proves it", () => {
  assert.equal(
    bytes(
      read([
        [1, part],
        [1, "end"],
        [2, "next\n"],
      ]),
    ),
    `${part}end\nnext\n`,
  );
  assert.equal(
    bytes(
      read([
        [1, part],
        [1, part],
        [1, "end"],
        [2, part],
        [2, "e"],
        [3, "n\n"],
      ]),
    ),
    `${part}${part}end\n${part}e\nn\n`,
  );
});

test("the last entry's newline cannot be known, save where its rest is empty", () => {
  assert.equal(
    bytes(
      read([
        [1, part],
        [1, "end"],
      ]),
    ),
    `${part}end`,
  );
  assert.equal(
    bytes(
      read([
        [1, part],
        [1, ""],
      ]),
    ),
    `${part}\n`,
  );
  assert.equal(bytes(read([[1, part]])), part);
});

test("a short entry without newline that no long part precedes is left as it is", () => {
  assert.equal(bytes(read([[1, "abc"]])), "abc");
});

test("positions count entries of one time, and a reading taken up at any of them gives the rest", () => {
  const frames = [
    [1, part],
    [1, "end"],
    [2, "a\n"],
    [2, "b\n"],
    [3, part],
    [3, ""],
    [4, "z"],
  ] as const;
  const whole = read(frames);
  assert.deepEqual(
    whole.map((entry) => entry.position.same),
    [1, 2, 2, 1, 2, 1, 2, 1],
  );
  for (const [index, entry] of whole.entries()) {
    const rest = read(frames.slice(entry.position.entries), entry.position);
    assert.equal(bytes(rest), bytes(whole.slice(index + 1)), `after entry ${index}`);
  }
});
