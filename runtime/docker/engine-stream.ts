// One long answer of the Engine as it comes, over a connection of its own in HTTP/1.0, which has no chunks: of a log Docker
// makes a chunk of each entry, and taking them apart costs Node more than all that is done with the log. Into one buffer, used
// again and again; a reader that is slow makes Docker wait. Where the answer should have ended is for the caller to know:
// a connection that is cut looks the same.

import { connect, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import type { Engine } from "./engine.ts";

/** Bytes read at once: a quiet log's entry comes alone, a loud one's gather in the kernel meanwhile. */
const pieceBytes = 64 * 1024;

/** Of a machine that vanished without a word the kernel tells after this long and some tries, ms. */
const keepAliveInitialDelay = 30_000;

export interface StreamOptions {
  readonly signal: AbortSignal;
  /**
   * Takes a piece of the answer, which is another's after the call. Where it answers a promise, nothing is read until that
   * resolves.
   */
  readonly take: (piece: Buffer) => Promise<void> | undefined;
}

/** Docker's refusal, as `statusOf` and `wordsOf` know it. */
class Refused extends Error {
  readonly statusCode: number;
  constructor(statusCode: number, body: string) {
    super(/"message"\s*:\s*"((?:[^"\\]|\\.)*)"/.exec(body)?.[1] ?? body);
    this.statusCode = statusCode;
  }
}

/**
 * Resolves when Docker ends its answer, or is cut off in it; rejects with the signal's reason, what `take` threw, the
 * connection's error, or Docker's refusal.
 */
export async function streamFrom(
  engine: Engine,
  method: "GET" | "POST",
  path: string,
  { signal, take }: StreamOptions,
): Promise<void> {
  signal.throwIfAborted();
  const head = new Head();
  await new Promise<void>((resolve, reject) => {
    const failed = (error: unknown): false => {
      reject(error instanceof Error ? error : new Error(String(error)));
      socket.destroy();
      return false;
    };
    /** False: the connection is to be paused. */
    const onData = (length: number, buffer: Uint8Array): boolean => {
      if (socket.destroyed) return false;
      try {
        const piece = head.past(Buffer.from(buffer.buffer, buffer.byteOffset, length));
        const wait = piece === undefined || piece.length === 0 ? undefined : take(piece);
        if (wait === undefined) return true;
        wait.then(() => socket.resume(), failed);
        return false;
      } catch (error) {
        return failed(error);
      }
    };
    const socket = open(engine, { buffer: Buffer.allocUnsafe(pieceBytes), callback: onData });
    const stop = (): void => {
      failed(signal.reason);
    };
    signal.addEventListener("abort", stop, { once: true });
    socket.on("error", failed);
    socket.on("close", () => {
      signal.removeEventListener("abort", stop);
      if (head.complete && head.status === 200) resolve();
      else reject(head.complete ? new Refused(head.status, head.rest) : reset());
    });
    socket.write(`${method} ${path} HTTP/1.0\r\nHost: docker\r\nContent-Length: 0\r\n\r\n`);
  });
}

/** As if the connection had said so. */
export function reset(): Error {
  return Object.assign(new Error("Docker closed the connection without an answer"), { code: "ECONNRESET" });
}

interface OnRead {
  readonly buffer: Buffer;
  readonly callback: (length: number, buffer: Uint8Array) => boolean;
}

function open(engine: Engine, onread: OnRead): Socket {
  if (engine.address.startsWith("unix://")) return connect({ path: engine.address.slice("unix://".length), onread });
  const { hostname, port, protocol } = new URL(engine.address);
  const host = hostname.replace(/^\[|\]$/g, ""); // of IPv6 a URL has the brackets
  const place = { host, port: Number(port || 2375), onread, keepAlive: true, keepAliveInitialDelay };
  return protocol === "https:" ? connectTls({ ...place, servername: host } as never) : connect(place);
}

/** The answer's head; of a refusal also its body. */
class Head {
  complete = false;
  status = 0;
  rest = "";
  #held = "";

  /** What of this piece is beyond the head; undefined: nothing. */
  past(piece: Buffer): Buffer | undefined {
    if (this.complete) {
      if (this.status === 200) return piece;
      this.rest += piece.toString();
      return undefined;
    }
    const before = this.#held.length;
    this.#held += piece.toString("latin1");
    const end = this.#held.indexOf("\r\n\r\n");
    if (end < 0) return undefined;
    this.complete = true;
    this.status = Number(/^HTTP\/1\.[01] (\d{3})/.exec(this.#held)?.[1]);
    return this.past(piece.subarray(end + 4 - before));
  }
}
