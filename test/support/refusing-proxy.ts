// A proxy on loopback in front of the Engine that answers some requests itself, with a 500, and passes all others on as they are.

import { connect, createServer, type AddressInfo, type Server, type Socket } from "node:net";

const refusal = JSON.stringify({ message: "refused by the test" });
const answer = [
  "HTTP/1.1 500 Internal Server Error",
  "Content-Type: application/json",
  `Content-Length: ${refusal.length}`,
  "Connection: close",
  "",
  refusal,
].join("\r\n");

export class RefusingProxy implements AsyncDisposable {
  readonly host: string;
  readonly #server: Server;
  readonly #ends: Set<Socket>;

  private constructor(server: Server, ends: Set<Socket>) {
    this.#server = server;
    this.#ends = ends;
    this.host = `tcp://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  /** `refuses` is asked for each request, by its first line, such as "POST /containers/f00/stop?t=2 HTTP/1.1". */
  static async start(refuses: (request: string) => boolean): Promise<RefusingProxy> {
    const socket = (process.env["DOCKER_HOST"] ?? "").replace("unix://", "");
    const ends = new Set<Socket>();
    const server = createServer((client) => {
      const engine = connect(socket);
      client.on("data", (data) => {
        const [first = ""] = data.toString("latin1").split("\r\n", 1);
        if (/ HTTP\/1\.[01]$/.test(first) && refuses(first)) client.end(answer);
        else engine.write(data);
      });
      client.on("end", () => engine.end());
      engine.pipe(client);
      for (const end of [client, engine]) {
        ends.add(end);
        end
          .on("error", () => undefined) // its close follows
          .on("close", () => [client, engine].map((one) => (ends.delete(one), one.destroy())));
      }
    });
    await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
    return new RefusingProxy(server, ends);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const end of this.#ends) end.destroy();
    await new Promise((done) => this.#server.close(done));
  }
}
