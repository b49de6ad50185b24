// Docker's multiplexed log stream → frames, wherever it is cut. Makes no object per frame and copies only those that are cut:
// a log has millions. A header: stream (1 stdout, 2 stderr), three zero bytes, length as uint32 big-endian.

export type ContainerStream = "stdout" | "stderr";

/** The payload is bytes[from, to), which is another's after the call. */
export type TakeFrame = (stream: ContainerStream, bytes: Buffer, from: number, to: number) => void;

const headerLength = 8;

export class Demuxer {
  /** The beginning of the frame that the last piece cut off: `#have` bytes of it. */
  #held: Buffer = Buffer.allocUnsafe(1024);
  #have = 0;

  /** Gives the frames that this piece completes. */
  push(piece: Buffer, take: TakeFrame): void {
    let at = 0;
    while (this.#have > 0) {
      const need = this.#have < headerLength ? headerLength : headerLength + this.#held.readUInt32BE(4);
      const copied = Math.min(need - this.#have, piece.length - at);
      this.#hold(piece, at, at + copied);
      at += copied;
      if (this.#have < need) return;
      const end = headerLength + this.#held.readUInt32BE(4);
      if (this.#have < end) continue; // so far only the header is whole
      this.#have = 0;
      take(streamOf(this.#held[0]), this.#held, headerLength, end);
    }
    while (piece.length - at >= headerLength) {
      const end = at + headerLength + piece.readUInt32BE(at + 4);
      if (end > piece.length) break;
      take(streamOf(piece[at]), piece, at + headerLength, end);
      at = end;
    }
    this.#hold(piece, at, piece.length);
  }

  #hold(piece: Buffer, from: number, to: number): void {
    const size = this.#have + to - from;
    if (size > this.#held.length) {
      const larger = Buffer.allocUnsafe(Math.max(size, this.#held.length * 2));
      this.#held.copy(larger, 0, 0, this.#have);
      this.#held = larger;
    }
    piece.copy(this.#held, this.#have, from, to);
    this.#have = size;
  }
}

function streamOf(byte: number | undefined): ContainerStream {
  return byte === 2 ? "stderr" : "stdout";
}
