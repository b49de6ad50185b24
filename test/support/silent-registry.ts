// A registry on loopback that accepts a request and never answers: a pull from it hangs until it is given up.

import { createServer, type Server } from "node:net";

export class SilentRegistry implements AsyncDisposable {
  readonly port: number;
  /** Resolves with the first connection. */
  readonly asked: Promise<undefined>;
  readonly #server: Server;

  private constructor(server: Server, port: number, asked: Promise<undefined>) {
    this.#server = server;
    this.port = port;
    this.asked = asked;
  }

  static async start(): Promise<SilentRegistry> {
    const { promise: asked, resolve } = Promise.withResolvers<undefined>();
    const sockets = new Set<{ destroy(): void }>();
    const server = createServer((socket) => {
      sockets.add(socket);
      socket.on("error", () => undefined);
      resolve(undefined);
    });
    await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
    server.on("close", () => sockets.clear());
    const address = server.address();
    if (address === null || typeof address === "string") throw new Error("no port");
    const registry = new SilentRegistry(server, address.port, asked);
    registry.#sockets = sockets;
    return registry;
  }

  #sockets = new Set<{ destroy(): void }>();

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((done) => this.#server.close(done));
  }
}
