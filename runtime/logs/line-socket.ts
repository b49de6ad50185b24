// A log's bytes → websocket messages: one binary message a line, without its newline; a line above 1 MiB as one message in
// fragments; with `cursor`, a text message with the position after each batch of lines. Waits until the socket has taken a
// batch before the next: a client that does not read costs what is in flight and no more.

import { WebSocket } from "ws";
import type { Piece } from "./follow.ts";

/** A line is held until it is complete up to this many bytes, then goes out in fragments. */
const longestMessage = 1024 * 1024;

export class LineSocket {
  readonly #ws: WebSocket;
  readonly #cursor: boolean;
  /** The beginning of a line whose end has not come. */
  #held: Buffer[] = [];
  #heldBytes = 0;
  #fragmented = false;

  constructor(ws: WebSocket, options: { readonly cursor: boolean }) {
    this.#ws = ws;
    this.#cursor = options.cursor;
  }

  /** False where the socket is no longer open. */
  async send({ bytes, attempt, end }: Piece): Promise<boolean> {
    if (this.#ws.readyState !== WebSocket.OPEN) return false;
    const socket = socketOf(this.#ws);
    socket.cork(); // one system call for all lines of the batch
    let from = 0;
    for (let at = bytes.indexOf(0x0a); at >= 0; at = bytes.indexOf(0x0a, from)) {
      this.#line(bytes.subarray(from, at));
      from = at + 1;
    }
    if (this.#cursor && from > 0) this.#ws.send(`${attempt}.${end - (bytes.length - from)}`);
    if (from < bytes.length) this.#hold(bytes.subarray(from));
    const taken = drained(this.#ws);
    socket.uncork();
    return taken;
  }

  /** The last line, if it has no newline. */
  async finish(): Promise<boolean> {
    if (this.#ws.readyState !== WebSocket.OPEN) return false;
    if (this.#heldBytes > 0 || this.#fragmented) this.#line(Buffer.alloc(0));
    return drained(this.#ws);
  }

  #line(rest: Buffer): void {
    if (this.#heldBytes === 0) this.#ws.send(rest, { binary: true });
    else this.#ws.send(Buffer.concat([...this.#held, rest]), { binary: true });
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

/** Resolves when the socket has room; false when it closed. */
async function drained(ws: WebSocket): Promise<boolean> {
  const socket = socketOf(ws);
  const open = (): boolean => ws.readyState === WebSocket.OPEN && !socket.destroyed;
  if (!open() || !socket.writableNeedDrain) return open();
  await new Promise<void>((resolve) => {
    const done = (): void => {
      socket.off("drain", done);
      socket.off("close", done);
      resolve();
    };
    socket.once("drain", done);
    socket.once("close", done);
  });
  return open();
}
