// A JSON error written straight to a socket, where there is no response object: malformed requests and refused upgrades.
import { STATUS_CODES } from "node:http";
import type { Duplex } from "node:stream";
import type { ApiError } from "../errors.ts";
import { headersOf } from "./errors.ts";
import { requestIdOf } from "./request-id.ts";

/** Time for the client to take the answer before the connection is cut. */
const lingerMs = 2000;

interface RawAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

function write(socket: Duplex, { status, headers, body }: RawAnswer): void {
  // Each further piece of a malformed request is a new error: it was answered, and what comes is dropped.
  if (socket.writableEnded) return;
  if (!socket.writable) {
    socket.destroy();
    return;
  }
  const head = Object.entries({ ...headers, "Content-Length": String(Buffer.byteLength(body)), Connection: "close" });
  const lines = head.map(([name, value]) => `${name}: ${value}\r\n`).join("");
  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ""}\r\n${lines}\r\n${body}`);
  // What the client still sends is read and dropped: closing on unread bytes would reset the connection, and the answer with it.
  socket.resume();
  const timer = setTimeout(() => socket.destroy(), lingerMs);
  socket.once("close", () => clearTimeout(timer));
}

export function answerError(socket: Duplex, error: ApiError, requestId = requestIdOf(undefined)): void {
  const headers = { ...headersOf(error), "X-Request-Id": requestId };
  write(socket, { status: error.status, headers, body: JSON.stringify(error.body()) });
}

/** 408, which only ever happens below the router. */
export function answerTimeout(socket: Duplex): void {
  const body = JSON.stringify({
    error: "The request took longer to arrive than allowed (http.read_timeout).",
    code: "request_timeout",
  });
  const headers = { "Content-Type": "application/json", "X-Request-Id": requestIdOf(undefined) };
  write(socket, { status: 408, headers, body });
}
