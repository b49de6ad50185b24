// A TCP proxy on loopback in front of a real server (the Engine's socket, Postgres) whose connections can be cut: all at
// once, and new ones refused, until it is mended.

import { connect, createServer, type NetConnectOpts, type Server, type Socket } from "node:net";

export class CutProxy implements AsyncDisposable {
  readonly port: number;
  readonly #server: Server;
  readonly #sockets: Set<Socket>;
  readonly #state: { cut: boolean };

  private constructor(server: Server, port: number, sockets: Set<Socket>, state: { cut: boolean }) {
    this.#server = server;
    this.port = port;
    this.#sockets = sockets;
    this.#state = state;
  }

  /** `target`: "unix:///path/of/a.sock", or any address with a host and a port. */
  static async start(target: string): Promise<CutProxy> {
    const sockets = new Set<Socket>();
    const state = { cut: false };
    const server = createServer((client) => {
      if (state.cut) {
        client.resetAndDestroy();
        return;
      }
      const upstream = connect(optionsOf(target));
      for (const [from, to] of [
        [client, upstream],
        [upstream, client],
      ] as const) {
        sockets.add(from);
        from.on("error", () => to.destroy());
        from.on("close", () => {
          sockets.delete(from);
          to.destroy();
        });
        from.pipe(to);
      }
    });
    await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
    const address = server.address();
    if (address === null || typeof address === "string") throw new Error("no port");
    return new CutProxy(server, address.port, sockets, state);
  }

  cut(): void {
    this.#state.cut = true;
    for (const socket of this.#sockets) socket.destroy();
  }

  mend(): void {
    this.#state.cut = false;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((done) => this.#server.close(done));
  }
}

function optionsOf(target: string): NetConnectOpts {
  if (target.startsWith("unix://")) return { path: target.slice("unix://".length) };
  const { hostname, port } = new URL(target);
  return { host: hostname, port: Number(port === "" ? 5432 : port) };
}
