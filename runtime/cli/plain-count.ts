// Counts a log's own bytes in an answer that has a time before each line, so that a position can be told. Gives on no part of
// a time: what a broken connection left of one would come a second time. Pure; begins at a line's start.

/** "2026-11-24T14:20:07.123456789Z ". */
const timeLength = 31;
const newline = 0x0a;

export class PlainCount {
  #held: Buffer = Buffer.alloc(0);
  #plain = 0;
  #atLineStart = true;

  /** After a cut: what was held comes again. */
  reset(): void {
    this.#held = Buffer.alloc(0);
  }

  /** What can be shown of the bytes so far. */
  whole(part: Buffer): Buffer {
    const bytes = this.#held.length === 0 ? part : Buffer.concat([this.#held, part]);
    let at = 0;
    while (at < bytes.length) {
      if (this.#atLineStart) {
        if (bytes.length - at <= timeLength) break; // a time alone would come again with what follows it
        at += timeLength;
      }
      const end = bytes.indexOf(newline, at);
      const next = end < 0 ? bytes.length : end + 1;
      this.#plain += next - at;
      this.#atLineStart = end >= 0;
      at = next;
    }
    this.#held = Buffer.from(bytes.subarray(at));
    return bytes.subarray(0, at);
  }

  /** The log's own bytes among what `whole` gave since the last time. */
  take(): number {
    const plain = this.#plain;
    this.#plain = 0;
    return plain;
  }
}
