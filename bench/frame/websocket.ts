// A websocket client that only counts: no library, whose work for a million messages would be the larger part of the figure.

import { connect, type Socket } from "node:net";
import { token } from "./process.ts";

export interface Tail {
  readonly socket: Socket;
  /** Resolves with the number of messages when the server closes with 1000; rejects where it ends otherwise. */
  readonly ended: Promise<number>;
  /** Resolves when the server has accepted the upgrade. */
  readonly opened: Promise<void>;
}

/** Follows an experiment's log. `onMessage` gets each message's bytes, as views that hold until it returns. */
export function tail(url: string, experiment: string, onMessage: (bytes: Buffer) => void = () => undefined): Tail {
  const { hostname, port, host } = new URL(url);
  const socket = connect({ host: hostname, port: Number(port), noDelay: true });
  const opened = Promise.withResolvers<undefined>();
  const ended = Promise.withResolvers<number>();
  opened.promise.catch(() => undefined);
  ended.promise.catch(() => undefined);
  socket.write(
    `GET /logs/${experiment}/tail?ws HTTP/1.1\r\nHost: ${host}\r\nAuthorization: ${token}\r\nConnection: Upgrade\r\n` +
      "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
  );
  let upgraded = false;
  let held: Buffer = Buffer.alloc(0);
  let count = 0;
  const fail = (why: string): void => {
    opened.reject(new Error(why));
    ended.reject(new Error(why));
    socket.destroy();
  };
  socket.on("error", (error) => fail(error.message)).on("close", () => fail(`closed after ${count} messages`));
  socket.on("data", (data: Buffer) => {
    let bytes = held.length === 0 ? data : Buffer.concat([held, data]);
    if (!upgraded) {
      const end = bytes.indexOf("\r\n\r\n");
      if (end < 0) {
        held = bytes;
        return;
      }
      if (!bytes.subarray(0, 12).equals(Buffer.from("HTTP/1.1 101"))) {
        fail(bytes.toString());
        return;
      }
      upgraded = true;
      opened.resolve(undefined);
      bytes = bytes.subarray(end + 4);
    }
    let at = 0;
    while (bytes.length - at >= 2) {
      const [first = 0, second = 0] = [bytes[at], bytes[at + 1]];
      const header = second < 126 ? 2 : second === 126 ? 4 : 10;
      if (bytes.length - at < header) break;
      const length =
        header === 2 ? second : header === 4 ? bytes.readUInt16BE(at + 2) : Number(bytes.readBigUInt64BE(at + 2));
      if (bytes.length - at < header + length) break;
      const payload = bytes.subarray(at + header, at + header + length);
      at += header + length;
      if (first === 0x88) {
        if (payload.length >= 2 && payload.readUInt16BE(0) === 1000) ended.resolve(count);
        socket.end(Buffer.from([0x88, 0x80, 0, 0, 0, 0])); // our close, masked with zeros
      } else if (first === 0x89) {
        socket.write(Buffer.from([0x8a, 0x80, 0, 0, 0, 0]));
      } else {
        count += 1;
        onMessage(payload);
      }
    }
    held = at === 0 ? bytes : Buffer.from(bytes.subarray(at));
  });
  return { socket, ended: ended.promise, opened: opened.promise };
}
