// Pings that keep idle tails open through proxies, and end those whose client is gone.
// A slow client's pong waits behind the data that it has not read: as long as it reads on, it lives.
import type { Duplex } from "node:stream";
import type { WebSocket } from "ws";

/** Proxies cut what is silent for 60 s (some for 30 s). */
export const pingMs = 20_000;
const missesAllowed = 2;

function taken(socket: Duplex & { bytesWritten?: number }): number {
  return (socket.bytesWritten ?? 0) - socket.writableLength;
}

/** Pings until the websocket closes; terminates it when two pings in a row got no pong and nothing waiting was taken either. */
export function keepAlive(ws: WebSocket, socket: Duplex, every = pingMs): void {
  let misses = 0;
  let before = 0;
  ws.on("pong", () => (misses = 0));
  const timer = setInterval(() => {
    const now = taken(socket);
    if (socket.writableLength > 0 && now > before) misses = 0;
    before = now;
    if (misses >= missesAllowed) {
      ws.terminate();
      return;
    }
    misses += 1;
    ws.ping();
  }, every);
  ws.on("close", () => clearInterval(timer));
}
