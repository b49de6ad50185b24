import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { Demuxer } from "../../runtime/docker/demux.ts";

function frame(stream: 1 | 2, payload: Uint8Array): Buffer {
  const header = Buffer.alloc(8);
  header[0] = stream;
  header.writeUInt32BE(payload.length, 4);
  return Buffer.concat([header, payload]);
}

test("frames come out whole and in order, wherever the stream is cut", () => {
  const frames = fc.array(
    fc.record({ stream: fc.constantFrom(1 as const, 2 as const), payload: fc.uint8Array({ maxLength: 40 }) }),
  );
  const cuts = fc.array(fc.nat({ max: 30 }), { minLength: 1 });
  fc.assert(
    fc.property(frames, cuts, (sent, lengths) => {
      const bytes = Buffer.concat(sent.map(({ stream, payload }) => frame(stream, payload)));
      const demuxer = new Demuxer();
      const got: { stream: 1 | 2; payload: Uint8Array }[] = [];
      for (let at = 0, n = 0; at < bytes.length; n += 1) {
        const length = Math.max(1, lengths[n % lengths.length] ?? 1);
        const piece = Buffer.from(bytes.subarray(at, at + length));
        demuxer.push(piece, (stream, buffer, from, to) => {
          got.push({ stream: stream === "stdout" ? 1 : 2, payload: Uint8Array.from(buffer.subarray(from, to)) });
        });
        piece.fill(0xff); // the buffer is another's after the call
        at += length;
      }
      assert.deepEqual(
        got,
        sent.map(({ stream, payload }) => ({ stream, payload: Uint8Array.from(payload) })),
      );
    }),
    { numRuns: 1000 },
  );
});

test("a large chunk of one-byte frames neither overflows the stack nor loses one", () => {
  const chunk = Buffer.concat(Array.from({ length: 100_000 }, (_, n) => frame(1, Buffer.from([n % 256]))));
  let count = 0;
  new Demuxer().push(chunk, (_, bytes, from) => assert.equal(bytes[from], count++ % 256));
  assert.equal(count, 100_000);
});
