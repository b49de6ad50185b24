// Load by HTTP: `connections` kept-alive connections, each with one request in flight.

import { Connection, requestOf } from "./connection.ts";
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

/** Throws where an answer is not 200. */
export async function load({ url, method, path, body, connections, seconds }: Load): Promise<Loaded> {
  const address = new URL(url);
  let asked = 0;
  const next = (): string => requestOf(address, token, method, path, body?.(asked++));
  const took: number[] = [];
  const from = performance.now();
  const until = from + seconds * 1000;

  const one = async (): Promise<void> => {
    const connection = await Connection.open(address);
    let request = next();
    for (let sent = performance.now(); sent < until;) {
      const answered = connection.ask(request);
      request = next(); // ready when the answer comes
      await answered;
      const now = performance.now();
      took.push(now - sent);
      sent = now;
    }
    connection.close();
  };
  await Promise.all(Array.from({ length: connections }, one));
  const spent = (performance.now() - from) / 1000;
  return { perSecond: took.length / spent, p50: quantile(took, 0.5), p99: quantile(took, 0.99) };
}
