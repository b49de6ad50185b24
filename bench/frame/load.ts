// Load by HTTP: `connections` kept-alive connections, each with one request in flight. It writes ready bytes and reads no
// more than it needs, so that on a small machine the processor is the server's: what an ordinary client library takes
// itself is several times what it measures.

import { connect, type Socket } from "node:net";
import { quantile } from "./figure.ts";
import { token } from "./process.ts";

export interface Load {
  readonly url: string;
  readonly method: "GET" | "POST";
  readonly path: string;
  /** Of the n-th request: no two experiments are alike. */
  readonly body?: (n: number) => string;
  readonly connections: number;
  readonly seconds: number;
}

export interface Loaded {
  readonly perSecond: number;
  readonly p50: number;
  readonly p99: number;
}

const headEnd = Buffer.from("\r\n\r\n");

/** Throws where an answer is not 200. */
export async function load({ url, method, path, body, connections, seconds }: Load): Promise<Loaded> {
  const { hostname, port, host } = new URL(url);
  const head = `${method} ${path} HTTP/1.1\r\nHost: ${host}\r\nAuthorization: ${token}\r\n`;
  const request = (n: number): string => {
    const text = body?.(n);
    return `${head}${text === undefined ? "" : `Content-Length: ${Buffer.byteLength(text)}\r\n`}\r\n${text ?? ""}`;
  };
  let asked = 0;
  const took: number[] = [];
  const from = performance.now();
  const until = from + seconds * 1000;

  const one = async (): Promise<void> =>
    new Promise((resolve, reject) => {
      const socket: Socket = connect({ host: hostname, port: Number(port), noDelay: true });
      let sent = 0;
      let missing = -1; // bytes of the answer that have not come; -1: its head has not
      let held: Buffer = Buffer.alloc(0);
      const send = (): void => {
        sent = performance.now();
        socket.write(request(asked++));
      };
      socket.on("connect", send).on("error", reject);
      socket.on("close", () => reject(new Error("the server closed the connection")));
      socket.on("data", (data: Buffer) => {
        let rest = data.length;
        if (missing < 0) {
          held = held.length === 0 ? data : Buffer.concat([held, data]);
          const end = held.indexOf(headEnd);
          if (end < 0) return;
          const answer = held.subarray(0, end).toString("latin1");
          const bytes = /content-length: (\d+)/i.exec(answer)?.[1];
          if (!answer.startsWith("HTTP/1.1 200") || bytes === undefined) {
            reject(new Error(`${method} ${path} answered: ${held.toString()}`));
            socket.destroy();
            return;
          }
          missing = Number(bytes);
          rest = held.length - end - headEnd.length;
          held = Buffer.alloc(0);
        }
        missing -= rest;
        if (missing > 0) return;
        missing = -1;
        const now = performance.now();
        took.push(now - sent);
        if (now < until) {
          send();
          return;
        }
        resolve();
        socket.destroy();
      });
    });
  await Promise.all(Array.from({ length: connections }, one));
  const spent = (performance.now() - from) / 1000;
  return { perSecond: took.length / spent, p50: quantile(took, 0.5), p99: quantile(took, 0.99) };
}
