import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import {
  chunkBytes,
  ChunkBuilder,
  formatTime,
  records,
  streams,
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

test("what goes in comes out, times to the nanosecond, also backwards", () => {
  fc.assert(
    fc.property(fc.array(record, { minLength: 1, maxLength: 50 }), (input) => {
      const builder = new ChunkBuilder();
      for (const one of input) builder.add(one);
      const chunk = builder.build();
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

const line = (bytes: Buffer, seconds = 1): LogRecord => ({ stream: "stdout", seconds, nanos: 0, bytes });

test("a chunk is full at 256 KiB, but takes one record of any length", () => {
  const builder = new ChunkBuilder();
  assert.equal(builder.fits(line(Buffer.alloc(chunkBytes * 2))), true);
  builder.add(line(Buffer.alloc(chunkBytes - 1)));
  assert.equal(builder.fits(line(Buffer.alloc(1))), true);
  assert.equal(builder.fits(line(Buffer.alloc(2))), false);
});

test("times too far apart for an exact difference are not put together", () => {
  const builder = new ChunkBuilder();
  builder.add(line(Buffer.from("a"), 1));
  assert.equal(builder.fits(line(Buffer.from("b"), 4_000_000)), false);
});

test("an index that is cut short is an error, not a wrong line", () => {
  const builder = new ChunkBuilder();
  builder.add(line(Buffer.alloc(300)));
  const chunk = builder.build();
  assert.throws(() => [...records(chunk.base, chunk.data, chunk.entries.subarray(0, 1))], /cut short/);
});

test("times are printed as Docker prints them", () => {
  assert.equal(formatTime({ seconds: 0, nanos: 5 }), "1970-01-01T00:00:00.000000005Z");
});
