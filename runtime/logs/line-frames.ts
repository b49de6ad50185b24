// Lines → websocket messages as bytes: one unmasked binary message a line, without its newline, all of a buffer's lines in one
// buffer, for one write. Pure. A buffer that many clients get (a chunk is read once per process) is framed once for all.

/** A buffer's complete lines as messages, and where its lines begin and end. */
export interface Framed {
  readonly frames: Buffer;
  /** Of the first line: its bytes, without the newline, and its message's length. Both 0 where there is no newline. */
  readonly first: number;
  readonly firstFrame: number;
  /** Where the last line, which has no newline, begins. */
  readonly rest: number;
}

const newline = 0x0a;
/** FIN and the opcode of a binary message, or of a text message. */
const binary = 0x82;
const text = 0x81;
const longestHeader = 10;

const known = new WeakMap<Buffer, Framed>();

export function frameLines(bytes: Buffer): Framed {
  const framed = known.get(bytes) ?? frame(bytes);
  known.set(bytes, framed);
  return framed;
}

function frame(bytes: Buffer): Framed {
  let frames = Buffer.allocUnsafe(bytes.length * 2 + longestHeader);
  let used = 0;
  let first = 0;
  let firstFrame = 0;
  let from = 0;
  for (let end = bytes.indexOf(newline); end >= 0; end = bytes.indexOf(newline, from)) {
    used = writeHeader(frames, used, binary, end - from);
    used += bytes.copy(frames, used, from, end);
    if (from === 0) [first, firstFrame] = [end, used];
    from = end + 1;
  }
  frames = Buffer.from(frames.subarray(0, used));
  return { frames, first, firstFrame, rest: from };
}

/** One message. */
export function frameMessage(payload: Buffer | string): Buffer {
  const body = Buffer.from(payload as string);
  const header = Buffer.allocUnsafe(longestHeader);
  const length = writeHeader(header, 0, typeof payload === "string" ? text : binary, body.length);
  return Buffer.concat([header.subarray(0, length), body]);
}

/** RFC 6455, 5.2: a length of up to 125 in the second byte, else in the two or eight bytes after it. */
function writeHeader(into: Buffer, at: number, opcode: number, length: number): number {
  into[at] = opcode;
  if (length < 126) {
    into[at + 1] = length;
    return at + 2;
  }
  if (length < 65_536) {
    into[at + 1] = 126;
    into.writeUInt16BE(length, at + 2);
    return at + 4;
  }
  into[at + 1] = 127;
  into.writeBigUInt64BE(BigInt(length), at + 2);
  return at + longestHeader;
}
