// One HTTP exchange with a Docker Engine, before there is a client: `up` only asks whether one answers and hands it an image.
// Trusts the host string (unix:///path or tcp://host:port). An Engine that does not answer rejects with Node's error.
import { request } from "node:http";
import type { RequestOptions } from "node:http";
import type { Readable } from "node:stream";

export interface EngineAnswer {
  readonly status: number;
  readonly body: string;
}

/** Where node:http finds the Engine, or undefined where the scheme is one that we don't speak. */
export function engineAddress(host: string): RequestOptions | undefined {
  if (host.startsWith("unix://")) return { socketPath: host.slice("unix://".length) };
  if (host.startsWith("/")) return { socketPath: host };
  if (!/^(tcp|http):\/\//.test(host) || !URL.canParse(host)) return undefined;
  const url = new URL(host.replace(/^tcp:/, "http:"));
  return { host: url.hostname.replace(/^\[|\]$/g, ""), port: url.port === "" ? 2375 : Number(url.port) };
}

/** Sends one request; the answer is read whole. `timeout` (milliseconds) bounds the whole exchange. */
export async function askEngine(
  host: string,
  method: "GET" | "POST",
  path: string,
  options: { body?: Readable; timeout?: number } = {},
): Promise<EngineAnswer> {
  const address = engineAddress(host);
  if (address === undefined) throw new Error(`${host} is neither unix:///path nor tcp://host:port`);
  const { promise, resolve, reject } = Promise.withResolvers<EngineAnswer>();
  const call = request({
    ...address,
    method,
    path,
    agent: false,
    headers: { Host: "docker", ...(options.body !== undefined && { "Content-Type": "application/x-tar" }) },
    signal: AbortSignal.timeout(options.timeout ?? 5_000),
  });
  call.on("error", reject);
  call.on("response", (response) => {
    const parts: Buffer[] = [];
    response.on("data", (part: Buffer) => parts.push(part));
    response.on("error", reject);
    response.on("end", () => {
      resolve({ status: response.statusCode ?? 0, body: Buffer.concat(parts).toString() });
    });
  });
  if (options.body === undefined) call.end();
  else {
    options.body.on("error", (error) => call.destroy(error));
    options.body.pipe(call);
  }
  return promise;
}

/** Whether nothing runs on this Engine (then a private one may be stopped with us). */
export async function engineIsIdle(host: string): Promise<boolean> {
  const answer = await askEngine(host, "GET", "/containers/json");
  return answer.status === 200 && answer.body.trim() === "[]";
}
