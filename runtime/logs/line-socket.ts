// A log's bytes → websocket messages: one binary message a line, without its newline; a line above 1 MiB as one message in
// fragments; with `cursor`, a text message with the position after each batch of lines. Waits until the socket has taken a
// batch before the next: a client that does not read costs what is in flight and no more.

import { WebSocket } from "ws";
import type { Piece } from "./follow.ts";
import { frameLines, frameMessage } from "./line-frames.ts";

/** A line is held until it is complete up to this many bytes, then goes out in fragments. */
const longestMessage = 1024 * 1024;

export class LineSocket {
  readonly #ws: WebSocket;
  readonly #cursor: boolean;
  /** The beginning of a line whose end has not come. */
  #held: Buffer[] = [];
  #heldBytes = 0;
  #fragmented = false;
  #corked = false;

  constructor(ws: WebSocket, options: { readonly cursor: boolean }) {
    this.#ws = ws;
    this.#cursor = options.cursor;
  }

  /** Once the socket has taken it; false where it is no longer open. */
  send({ bytes, attempt, end }: Piece): boolean | Promise<boolean> {
    if (this.#ws.readyState !== WebSocket.OPEN) return false;
    const { frames, first, firstFrame, rest } = frameLines(bytes);
    const socket = this.#gathering();
    if (rest > 0) {
      // Past ws, which would write each message by itself: ten times the work. Nothing waits in ws, which does not compress.
      const begun = this.#holding;
      if (begun) this.#line(bytes.subarray(0, first));
      socket.write(begun ? frames.subarray(firstFrame) : frames);
      if (this.#cursor) socket.write(frameMessage(`${attempt}.${end - (bytes.length - rest)}`));
    }
    if (rest < bytes.length) this.#hold(bytes.subarray(rest));
    return drained(this.#ws);
  }

  /** The socket, which takes all that is written in this turn in one call: who lags behind gets several chunks with it. */
  #gathering(): Corkable {
    const socket = socketOf(this.#ws);
    if (this.#corked) return socket;
    this.#corked = true;
    socket.cork();
    process.nextTick(() => {
      this.#corked = false;
      socket.uncork();
    });
    return socket;
  }

  /** The last line, if it has no newline. */
  finish(): boolean | Promise<boolean> {
    if (this.#ws.readyState !== WebSocket.OPEN) return false;
    if (this.#holding) this.#line(Buffer.alloc(0));
    return drained(this.#ws);
  }

  get #holding(): boolean {
    return this.#heldBytes > 0 || this.#fragmented;
  }

  #line(rest: Buffer): void {
    this.#ws.send(Buffer.concat([...this.#held, rest]), { binary: true });
    this.#held = [];
    this.#heldBytes = 0;
    this.#fragmented = false;
  }

  #hold(part: Buffer): void {
    this.#held.push(part);
    this.#heldBytes += part.length;
    if (this.#heldBytes < longestMessage) return;
    this.#ws.send(Buffer.concat(this.#held), { binary: true, fin: false });
    this.#held = [];
    this.#heldBytes = 0;
    this.#fragmented = true;
  }
}

interface Corkable {
  cork(): void;
  uncork(): void;
  write(bytes: Buffer): boolean;
  readonly writableLength: number;
  readonly writableNeedDrain: boolean;
  readonly destroyed: boolean;
  once(event: "drain" | "close", listener: () => void): unknown;
  off(event: "drain" | "close", listener: () => void): unknown;
}

/** ws keeps the socket as a field that its types do not show. */
function socketOf(ws: WebSocket): Corkable {
  return (ws as unknown as { readonly _socket: Corkable })._socket;
}

function isOpen(ws: WebSocket): boolean {
  return ws.readyState === WebSocket.OPEN && !socketOf(ws).destroyed;
}

/** True once the socket has room; false when it closed. */
function drained(ws: WebSocket): boolean | Promise<boolean> {
  const socket = socketOf(ws);
  if (!isOpen(ws) || !socket.writableNeedDrain) return isOpen(ws);
  return new Promise((resolve) => {
    const done = (): void => {
      socket.off("drain", done);
      socket.off("close", done);
      resolve(isOpen(ws));
    };
    socket.once("drain", done);
    socket.once("close", done);
  });
}
