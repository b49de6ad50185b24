// One answer read to its end and thrown away, as quickly as a client can: no parsing, a flat memory.

import { get, type IncomingMessage } from "node:http";
import { token } from "./process.ts";

export interface Fetched {
  /** To the last byte, ms. */
  readonly ms: number;
  /** To the first byte of the body, ms. */
  readonly firstByte: number;
  readonly bytes: number;
}

export async function fetchBytes(url: string, headers: Record<string, string> = {}): Promise<Fetched> {
  const from = performance.now();
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    get(url, { headers: { Authorization: token, ...headers }, agent: false }, resolve).on("error", reject);
  });
  if (response.statusCode !== 200 && response.statusCode !== 206)
    throw new Error(`${url} answered ${response.statusCode ?? 0}`);
  let firstByte = 0;
  let bytes = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    if (bytes === 0) firstByte = performance.now() - from;
    bytes += chunk.length;
  }
  return { ms: performance.now() - from, firstByte, bytes };
}
