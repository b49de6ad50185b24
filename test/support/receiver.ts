// A receiver of HTTP notifications: keeps what comes, answers as the test says (late, or not at all, too).

import { once } from "node:events";
import { createServer, type IncomingHttpHeaders, type Server } from "node:http";
import type { AddressInfo } from "node:net";

export interface Received {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  /** Ms since the epoch. */
  readonly at: number;
}

export interface Answer {
  readonly status: number;
  readonly headers?: Record<string, string>;
  readonly body?: string;
}

/** Undefined: no answer, the connection stays open. */
export type Answering = (request: Received, index: number) => Answer | undefined;

export class Receiver implements AsyncDisposable {
  readonly received: Received[] = [];
  answering: Answering;
  readonly #server: Server;
  #arrived = Promise.withResolvers<undefined>();

  private constructor(server: Server, answering: Answering) {
    this.#server = server;
    this.answering = answering;
  }

  static async start(answering: Answering = () => ({ status: 200 })): Promise<Receiver> {
    const server = createServer();
    const receiver = new Receiver(server, answering);
    server.on("request", (request, response) => {
      const parts: Buffer[] = [];
      request.on("data", (part: Buffer) => parts.push(part));
      request.on("end", () => {
        const { url = "", headers } = request;
        const one = { path: url, headers, body: Buffer.concat(parts).toString(), at: Date.now() };
        const answer = receiver.answering(one, receiver.received.push(one) - 1);
        receiver.#arrived.resolve(undefined);
        receiver.#arrived = Promise.withResolvers();
        if (answer !== undefined) response.writeHead(answer.status, answer.headers).end(answer.body);
      });
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    return receiver;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** As soon as `isSo` holds of what came. */
  async until(isSo: (received: readonly Received[]) => boolean): Promise<readonly Received[]> {
    while (!isSo(this.received)) await this.#arrived.promise;
    return this.received;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, "close");
  }
}
