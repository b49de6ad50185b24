import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { beyondBorder, beyondCount, type Frame } from "../../runtime/docker/log-end.ts";
import { copyPosition, EntryReader, type LogPosition } from "../../runtime/docker/log-entries.ts";

/** A log in the order of its file: each stream by time, several entries of one time, the two a little out of step. */
const log = fc
  .array(
    fc.record({
      stream: fc.constantFrom("stdout" as const, "stderr" as const),
      later: fc.constantFrom(0, 0, 0, 1, 2),
      ahead: fc.constantFrom(0, 0, 3),
    }),
    { maxLength: 40 },
  )
  .map((steps) => {
    const times = { stdout: 100, stderr: 100 };
    let time = 100;
    return steps.map(({ stream, later, ahead }, n): Frame => {
      time += later;
      times[stream] = Math.max(times[stream], time + ahead);
      const stamp = `2026-01-02T03:04:05.${String(times[stream]).padStart(9, "0")}Z`;
      return { stream, bytes: Buffer.from(`${stamp} ${n}\n`) };
    });
  });

function positionAfter(frames: readonly Frame[]): LogPosition {
  const readers = { stdout: new EntryReader("stdout"), stderr: new EntryReader("stderr") };
  for (const { stream, bytes } of frames) readers[stream].read(bytes, 0, bytes.length, () => undefined);
  const { stdout, stderr } = readers;
  return {
    ...(stdout.entries > 0 && { stdout: copyPosition(stdout) }),
    ...(stderr.entries > 0 && { stderr: copyPosition(stderr) }),
  };
}

test("of the last entries, what is new is found exactly or not at all", () => {
  let found = 0;
  fc.assert(
    fc.property(log, fc.nat(), fc.nat(), (frames, a, b) => {
      const read = a % (frames.length + 1);
      const seen = positionAfter(frames.slice(0, read));
      const asked = b % (frames.length + 1);
      const fresh = beyondBorder(frames.slice(frames.length - asked), seen);
      if (fresh !== undefined) {
        found += 1;
        assert.deepEqual(fresh, frames.slice(read));
      }
      assert.deepEqual(beyondCount(frames, seen), frames.slice(read));
    }),
    { numRuns: 5000 },
  );
  assert.ok(found > 100, `it was found only ${found} times`);
});

const frame = (nanos: number, stream: Frame["stream"] = "stdout"): Frame => ({
  stream,
  bytes: Buffer.from(`2026-01-02T03:04:05.${String(nanos).padStart(9, "0")}Z x\n`),
});

test("a clock that went back is nothing to go by", () => {
  const frames = [frame(1), frame(9), frame(1, "stderr"), frame(2, "stderr"), frame(3)];
  assert.equal(beyondBorder(frames.slice(1), positionAfter(frames)), undefined);
});

test("a log that Docker has cut is not taken for the whole", () => {
  const seen = positionAfter([frame(1), frame(2)]);
  assert.equal(beyondCount([frame(3)], seen), undefined);
  assert.equal(beyondCount([frame(3), frame(4), frame(5)], seen), undefined);
});
