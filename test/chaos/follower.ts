// Clients that follow a log and come back with their position, to any API, after every cut: by websocket (lines count once the
// position behind them has come) and by HTTP (bytes count as they come). What each has got is compared with the log.

import { setTimeout as sleep } from "node:timers/promises";
import { WebSocket } from "ws";
import type { Findings } from "./findings.ts";
import type { Random } from "./random.ts";
import { token } from "./world.ts";

/** Silence after which a connection is given up, ms: the API pings a websocket every 20 s; HTTP has nothing like it. */
const silence = 25_000;
const pause = 300;

export interface FollowerOptions {
  readonly id: string;
  readonly by: "websocket" | "http";
  readonly addresses: readonly string[];
  readonly random: Random;
  readonly findings: Findings;
  readonly signal: AbortSignal;
}

export class Follower {
  readonly id: string;
  readonly by: "websocket" | "http";
  /** All that it has got, as bytes; a websocket's last line gets the newline that cannot be seen. */
  #got: Buffer[] = [];
  /** Resolves when the tail has ended as tails end: true; false when it was given up. */
  readonly done: Promise<boolean>;
  connections = 0;
  ended = false;

  constructor(options: FollowerOptions) {
    this.id = options.id;
    this.by = options.by;
    this.done = this.#run(options).finally(() => (this.ended = true));
  }

  get bytes(): Buffer {
    return Buffer.concat(this.#got);
  }

  /** It was compared: its bytes are needed no more. */
  forget(): void {
    this.#got = [];
  }

  async #run(options: FollowerOptions): Promise<boolean> {
    const { signal, random, addresses, by } = options;
    let position = "1.0";
    while (!signal.aborted) {
      const url = `${random.pick(addresses)}/logs/${this.id}/tail`;
      this.connections += 1;
      // Now and then it leaves by itself, and comes back elsewhere.
      const leave = random.chance(0.4) ? AbortSignal.timeout(random.between(500, 8_000)) : undefined;
      const until = leave === undefined ? signal : AbortSignal.any([signal, leave]);
      const step = by === "http" ? this.#http(url, position, until) : this.#websocket(url, position, until);
      const { at, ended } = await step;
      position = at;
      if (ended) return true;
      await sleep(pause, undefined, { signal }).catch(() => undefined);
    }
    return false;
  }

  async #http(url: string, from: string, signal: AbortSignal): Promise<{ at: string; ended: boolean }> {
    let offset = Number(from.split(".")[1]);
    const dead = new AbortController();
    const timer = setTimeout(() => dead.abort(), silence);
    try {
      const response = await fetch(`${url}?after=${from}`, {
        headers: { Authorization: token },
        signal: AbortSignal.any([signal, dead.signal]),
      });
      if (response.status !== 200 || response.body === null) return { at: from, ended: false };
      for await (const piece of response.body as AsyncIterable<Uint8Array>) {
        timer.refresh();
        this.#got.push(Buffer.from(piece));
        offset += piece.length;
      }
      return { at: `1.${offset}`, ended: true };
    } catch {
      return { at: `1.${offset}`, ended: false };
    } finally {
      clearTimeout(timer);
    }
  }

  async #websocket(url: string, from: string, signal: AbortSignal): Promise<{ at: string; ended: boolean }> {
    const ws = new WebSocket(`${url.replace("http", "ws")}?ws&cursor=1&after=${from}`, {
      headers: { Authorization: token },
      handshakeTimeout: silence,
    });
    const timer = setTimeout(() => ws.terminate(), silence);
    const stop = (): void => ws.terminate();
    signal.addEventListener("abort", stop, { once: true });
    let at = from;
    let lines: Buffer[] = [];
    const commit = (): void => {
      for (const line of lines) this.#got.push(line, Buffer.from("\n"));
      lines = [];
    };
    ws.on("ping", () => timer.refresh());
    ws.on("message", (data: Buffer, isBinary: boolean) => {
      timer.refresh();
      if (isBinary) lines.push(data);
      else {
        at = data.toString();
        commit();
      }
    });
    ws.on("error", () => undefined); // its close follows
    const code = await new Promise<number>((resolve) => ws.on("close", resolve));
    clearTimeout(timer);
    signal.removeEventListener("abort", stop);
    if (code !== 1000) return { at, ended: false };
    commit();
    return { at, ended: true };
  }
}
