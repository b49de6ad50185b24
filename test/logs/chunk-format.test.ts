import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import {
  chunkBytes,
  ChunkBuilder,
  formatTime,
  newline,
  records,
  streams,
  type Chunk,
  type LogRecord,
} from "../../runtime/logs/chunk-format.ts";

const record = fc.record(
  {
    stream: fc.constantFrom(...streams),
    seconds: fc.integer({ min: 1_700_000_000, max: 1_700_100_000 }),
    nanos: fc.integer({ min: 0, max: 999_999_999 }),
    bytes: fc.uint8Array({ minLength: 1, maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
  },
  { noNullPrototype: true },
);

/** Adds it from the middle of a buffer that is another's after the call. */
function add(builder: ChunkBuilder, { stream, seconds, nanos, bytes }: LogRecord): void {
  const buffer = Buffer.concat([Buffer.from("before"), bytes, Buffer.from("\n")]);
  builder.add(stream, seconds, nanos, buffer, 6, 6 + bytes.length);
  buffer.fill(0xff);
}

test("what goes in comes out, times to the nanosecond, also backwards, from one builder again and again", () => {
  const builder = new ChunkBuilder();
  fc.assert(
    fc.property(fc.array(record, { minLength: 1, maxLength: 50 }), (input) => {
      for (const one of input) add(builder, one);
      const chunk = builder.take();
      assert.equal(builder.empty, true);
      const output = [...records(chunk.base, chunk.data, chunk.entries)].map((one) => ({
        ...one,
        bytes: Buffer.from(one.bytes),
      }));
      assert.deepEqual(output, input);
      for (const stream of streams) {
        const own = input.filter((one) => one.stream === stream);
        assert.equal(
          chunk.bytes[stream],
          own.reduce((sum, one) => sum + one.bytes.length, 0),
        );
        assert.equal(chunk.lines[stream], own.filter((one) => one.bytes.at(-1) === 10).length);
      }
    }),
    { numRuns: 1000 },
  );
});

const line = (length: number, seconds = 1): LogRecord => ({
  stream: "stdout",
  seconds,
  nanos: 0,
  bytes: Buffer.alloc(length),
});

test("a chunk is full at 256 KiB, but takes one record of any length", () => {
  const builder = new ChunkBuilder();
  assert.equal(builder.fits(1, 0, chunkBytes * 2), true);
  add(builder, line(chunkBytes * 2));
  assert.equal(builder.take().data.length, chunkBytes * 2);
  add(builder, line(chunkBytes - 1));
  assert.equal(builder.fits(1, 0, 1), true);
  assert.equal(builder.fits(1, 0, 2), false);
});

test("times too far apart for an exact difference are not put together", () => {
  const builder = new ChunkBuilder();
  add(builder, line(1, 1));
  assert.equal(builder.fits(4_000_000, 0, 1), false);
});

test("an index that is cut short is an error, not a wrong line", () => {
  const builder = new ChunkBuilder();
  add(builder, line(300));
  const chunk = builder.take();
  assert.throws(() => [...records(chunk.base, chunk.data, chunk.entries.subarray(0, 1))], /cut short/);
});

test("times are printed as Docker prints them", () => {
  assert.equal(formatTime({ seconds: 0, nanos: 5 }), "1970-01-01T00:00:00.000000005Z");
});

test("a large chunk keeps its bytes until it is given back; then its buffer takes another", () => {
  const builder = new ChunkBuilder();
  const chunkOf = (letter: string): Chunk => {
    const line = Buffer.from(`${letter.repeat(999)}\n`);
    while (builder.fits(1, 0, line.length)) builder.add("stdout", 1, 0, line, 0, line.length);
    builder.add("stdout", 1, 0, line, 0, 10); // a piece
    return builder.take();
  };
  const intact = (chunk: Chunk, letter: string): boolean =>
    chunk.data.length > 250_000 && chunk.data.every((byte) => byte === letter.charCodeAt(0) || byte === newline);
  chunkOf("a"); // its buffer has grown to some size of its own
  const kept = chunkOf("b");
  const other = chunkOf("c");
  assert.ok(intact(kept, "b") && intact(other, "c"));
  assert.notEqual(kept.data.buffer, other.data.buffer);
  builder.giveBack(kept);
  const [before, after] = [chunkOf("d"), chunkOf("e")]; // the first was begun before
  assert.ok(intact(other, "c") && intact(before, "d") && intact(after, "e"));
  assert.equal(after.data.buffer, kept.data.buffer);
});
