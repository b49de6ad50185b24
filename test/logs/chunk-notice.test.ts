// A chunk in the notice of it: what comes out is what went in, within what Postgres takes.

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { test } from "node:test";
import { ChunkBuilder, type Chunk, type Stream } from "../../runtime/logs/chunk-format.ts";
import { noticedExperiment, printNotice, readNotice } from "../../runtime/logs/chunk-notice.ts";

const place = { experimentId: randomUUID(), attemptId: randomUUID(), seq: 41 };

function chunkOf(...lines: readonly (readonly [Stream, Buffer])[]): Chunk {
  const builder = new ChunkBuilder();
  lines.forEach(([stream, bytes], n) => builder.add(stream, 1_700_000_000, 999_999_990 + n, bytes, 0, bytes.length));
  return builder.take();
}

test("what comes out is the chunk, byte for byte, with what it adds to each stream", () => {
  const chunk = chunkOf(
    ["stderr", Buffer.from([0xff, 0x00, 0x2c, 0x0a])],
    ["stdout", Buffer.from('",{\u{1f600}\n')],
    ["skeduler", Buffer.from("no end")],
  );
  const payload = printNotice(place, chunk) ?? "";
  assert.equal(noticedExperiment(payload), place.experimentId);
  assert.deepEqual(readNotice(payload), {
    attempt: place.attemptId,
    lines: { stdout: 1, stderr: 1, skeduler: 0 },
    chunk: {
      seq: 41,
      base: { seconds: 1_700_000_000, nanos: 999_999_990 },
      lengths: { stdout: 8, stderr: 4, skeduler: 6 },
      data: chunk.data,
      entries: chunk.entries,
    },
  });
});

test("the largest that is printed fits into a notification, and one byte more is not printed", () => {
  const far = { ...place, seq: 2 ** 53 - 1 };
  const of = (length: number): string | undefined => printNotice(far, chunkOf(["stdout", Buffer.alloc(length, "x")]));
  let most = 1;
  while (of(most + 1) !== undefined) most += 1;
  assert.ok(most > 4_096, `${most} bytes`);
  assert.ok((of(most) ?? "").length < 7_900, `${(of(most) ?? "").length} characters`);
});

test("to a reader who knows ids alone it is a change of the experiment", () => {
  const payload = printNotice(place, chunkOf(["stdout", Buffer.from("a,place,b\n")])) ?? "";
  assert.equal(payload.split(",")[0], place.experimentId);
  assert.ok(!payload.split(",").includes("place"));
});

test("ids are no notice of a chunk, and what is not one of ours is not read", () => {
  assert.equal(noticedExperiment(`${randomUUID()},${randomUUID()}`), undefined);
  assert.equal(noticedExperiment(""), undefined);
  const payload = printNotice(place, chunkOf(["stdout", Buffer.from("x\n")])) ?? "";
  for (const text of [
    payload.slice(0, -1),
    payload.replace('"data"', '"date"'),
    payload.replace('"seq":41', '"seq":"41"'),
  ]) {
    assert.equal(noticedExperiment(text), place.experimentId);
    assert.equal(readNotice(text), undefined, text);
  }
});
