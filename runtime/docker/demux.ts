// Docker's multiplexed log stream → frames. Iterative, copies only frames that cross chunks, whatever their sizes.
// A header: stream (1 stdout, 2 stderr), three zero bytes, length as uint32 big-endian.

export type ContainerStream = "stdout" | "stderr";

export interface Frame {
  readonly stream: ContainerStream;
  readonly payload: Buffer;
}

const headerLength = 8;

export class Demuxer {
  /** What is left of the last chunk: less than one frame. Parts, joined once it is complete. */
  #parts: Buffer[] = [];
  #have = 0;
  #need = headerLength;

  /** The frames that this chunk completes. */
  *push(chunk: Buffer): Generator<Frame> {
    let input = chunk;
    if (this.#have > 0) {
      this.#parts.push(chunk);
      this.#have += chunk.length;
      if (this.#have < this.#need) return;
      input = Buffer.concat(this.#parts, this.#have);
      this.#parts = [];
      this.#have = 0;
    }
    let at = 0;
    this.#need = headerLength;
    while (input.length - at >= headerLength) {
      const length = input.readUInt32BE(at + 4);
      const end = at + headerLength + length;
      if (end > input.length) {
        this.#need = headerLength + length;
        break;
      }
      yield { stream: input[at] === 2 ? "stderr" : "stdout", payload: input.subarray(at + headerLength, end) };
      at = end;
    }
    if (at < input.length) {
      this.#parts = [input.subarray(at)];
      this.#have = input.length - at;
    }
  }
}
