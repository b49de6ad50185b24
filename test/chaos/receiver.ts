// A webhook's receiver that takes every notice, and how often it got each: one for each change that was committed, at least once.

import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";

export class Receiver implements AsyncDisposable {
  /** Notification → how often it came. */
  readonly got = new Map<string, number>();
  readonly #server: Server;

  private constructor() {
    this.#server = createServer((request, response) => {
      const id = String(request.headers["webhook-id"]).replace(/^msg_/, "");
      if (id !== "undefined") this.got.set(id, (this.got.get(id) ?? 0) + 1);
      request.resume();
      request.on("end", () => response.writeHead(204).end());
    });
  }

  static async start(): Promise<Receiver> {
    const receiver = new Receiver();
    await new Promise<void>((done) => receiver.#server.listen(0, "127.0.0.1", done));
    return receiver;
  }

  /** The API's configuration, from its environment: it is told of every change. */
  get environment(): NodeJS.ProcessEnv {
    const { port } = this.#server.address() as AddressInfo;
    const target = {
      name: "chaos",
      webhook: `http://127.0.0.1:${port}/`,
      secret: `whsec_${Buffer.alloc(32, "chaos").toString("base64")}`,
      statuses: ["ENQUEUED", "RUNNING", "FINISHED", "CANCELLED"],
    };
    return { SKEDULER_NOTIFICATIONS_TARGETS: JSON.stringify([target]) };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((done) => this.#server.close(done));
  }
}
