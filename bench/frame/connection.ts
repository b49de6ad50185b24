// HTTP as cheaply as a client can: ready bytes go out on a kept-alive connection, and of the answer no more is looked at than its
// status and length. On a small machine the processor is then the server's: what an ordinary client library takes itself is
// several times what it measures.

import { connect, type Socket } from "node:net";
import { once } from "node:events";

const headEnd = Buffer.from("\r\n\r\n");

/** The bytes of a request. */
export function requestOf(url: URL, token: string, method: string, path: string, body?: string): string {
  const length = body === undefined ? "" : `Content-Length: ${Buffer.byteLength(body)}\r\n`;
  return `${method} ${path} HTTP/1.1\r\nHost: ${url.host}\r\nAuthorization: ${token}\r\n${length}\r\n${body ?? ""}`;
}

/** One request at a time. */
export class Connection {
  readonly #socket: Socket;
  #parts: Buffer[] = [];
  /** Bytes of the answer's body that have not come; -1: its head has not. */
  #missing = -1;
  #waiting: PromiseWithResolvers<Buffer> | undefined;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on("data", (data: Buffer) => this.#read(data));
    socket.on("error", (error) => this.#waiting?.reject(error));
    socket.on("close", () => this.#waiting?.reject(new Error("the server closed the connection")));
  }

  static async open(url: URL): Promise<Connection> {
    const socket = connect({ host: url.hostname, port: Number(url.port), noDelay: true });
    await once(socket, "connect");
    return new Connection(socket);
  }

  get closed(): boolean {
    return this.#socket.destroyed;
  }

  /** The answer's body; throws where it is not 200. */
  async ask(request: string): Promise<Buffer> {
    this.#waiting = Promise.withResolvers<Buffer>();
    this.#socket.write(request);
    return this.#waiting.promise;
  }

  close(): void {
    this.#waiting = undefined;
    this.#socket.destroy();
  }

  #read(data: Buffer): void {
    this.#parts.push(data);
    if (this.#missing >= 0) this.#missing -= data.length;
    else {
      const held = this.#parts.length === 1 ? data : Buffer.concat(this.#parts);
      this.#parts = [held];
      const end = held.indexOf(headEnd);
      if (end < 0) return;
      const head = held.subarray(0, end).toString("latin1");
      const bytes = /content-length: (\d+)/i.exec(head)?.[1];
      if (!head.startsWith("HTTP/1.1 200") || bytes === undefined) {
        this.#waiting?.reject(new Error(`the server answered: ${held.toString()}`));
        this.close();
        return;
      }
      this.#parts = [held.subarray(end + headEnd.length)];
      this.#missing = Number(bytes) - (held.length - end - headEnd.length);
    }
    if (this.#missing > 0) return;
    const [first = Buffer.alloc(0)] = this.#parts;
    const body = this.#parts.length === 1 ? first : Buffer.concat(this.#parts);
    this.#missing = -1;
    this.#parts = [];
    this.#waiting?.resolve(body);
  }
}

/** Of a connection that nobody asked anything for longer, ms, the server may be taking leave (after 15 s). */
const keptFor = 10_000;

/** As many connections as there are requests at a time. */
export class Client {
  readonly #url: URL;
  readonly #token: string;
  readonly #idle: { readonly connection: Connection; readonly since: number }[] = [];

  constructor(url: string, token: string) {
    this.#url = new URL(url);
    this.#token = token;
  }

  /** The answer's body; throws where it is not 200. */
  async ask(method: string, path: string, body?: string): Promise<Buffer> {
    const connection = this.#kept() ?? (await Connection.open(this.#url));
    const answer = await connection.ask(requestOf(this.#url, this.#token, method, path, body));
    this.#idle.push({ connection, since: performance.now() });
    return answer;
  }

  #kept(): Connection | undefined {
    const last = this.#idle.pop();
    if (last === undefined) return undefined;
    if (performance.now() - last.since < keptFor && !last.connection.closed) return last.connection;
    for (const { connection } of [last, ...this.#idle.splice(0)]) connection.close(); // the last of them is the newest
    return undefined;
  }
}
