// A port for a server that is to keep it over restarts. It lies below those that the kernel gives to whoever asks for any, as
// nearly everything here does: so nobody gets it while its server is down, or before it is up.

import { readFileSync } from "node:fs";
import { createServer } from "node:net";

const [lowest, least] = [10_000, 20_000];
const given = new Set<number>();

/** Of 127.0.0.1, free now and never given before in this process. */
export async function freePort(): Promise<number> {
  const [kernels = 0] = readFileSync("/proc/sys/net/ipv4/ip_local_port_range", "latin1").split(/\s/).map(Number);
  const end = Math.max(kernels, least);
  for (;;) {
    if (given.size >= end - lowest) throw new Error(`no port from ${lowest} to ${end - 1} is free`);
    const port = lowest + Math.floor(Math.random() * (end - lowest));
    if (given.has(port)) continue;
    given.add(port);
    if (await isFree(port)) return port;
  }
}

async function isFree(port: number): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const server = createServer().once("error", () => resolve(false));
  server.listen(port, "127.0.0.1", () => server.close(() => resolve(true)));
  return promise;
}
