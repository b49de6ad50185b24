import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { frameLines, frameMessage } from "../../runtime/logs/line-frames.ts";

interface Message {
  readonly opcode: number;
  readonly payload: Buffer;
}

/** As a client reads them: RFC 6455, unmasked. */
function messagesIn(frames: Buffer): Message[] {
  const messages: Message[] = [];
  for (let at = 0; at < frames.length;) {
    const opcode = frames.readUInt8(at);
    const short = frames.readUInt8(at + 1);
    const begins = at + (short < 126 ? 2 : short === 126 ? 4 : 10);
    const length =
      short < 126 ? short : short === 126 ? frames.readUInt16BE(at + 2) : Number(frames.readBigUInt64BE(at + 2));
    at = begins + length;
    assert.ok(at <= frames.length, "a message is cut short");
    messages.push({ opcode, payload: frames.subarray(begins, at) });
  }
  return messages;
}

const line = fc.oneof(
  fc.constantFrom(0, 1, 125, 126, 127, 65_535, 65_536, 70_000).map((length) => "x".repeat(length)),
  fc.string({ unit: "binary" }).map((text) => text.replaceAll("\n", "")),
);

test("each complete line is a message, in order; first and rest say where they stand", () => {
  fc.assert(
    fc.property(fc.array(line, { maxLength: 20 }), line, (lines, rest) => {
      const bytes = Buffer.from([...lines, rest].join("\n"));
      const framed = frameLines(bytes);
      const messages = messagesIn(framed.frames);
      assert.deepEqual(
        messages.map(({ payload }) => payload.toString()),
        lines,
      );
      assert.ok(messages.every(({ opcode }) => opcode === 0x82));
      assert.equal(bytes.subarray(framed.rest).toString(), rest);
      assert.equal(framed.first, Buffer.byteLength(lines[0] ?? ""));
      assert.equal(messagesIn(framed.frames.subarray(0, framed.firstFrame)).length, Math.min(1, lines.length));
      assert.equal(frameLines(bytes), framed, "made once");
    }),
  );
});

test("a text is a text message", () => {
  const [message] = messagesIn(frameMessage("1.2048"));
  assert.deepEqual([message?.opcode, message?.payload.toString()], [0x81, "1.2048"]);
});
