// A proxy on loopback in front of the Engine that answers some requests itself, with a 500 or as it is told, and passes all others on as
// they are.

import { connect, createServer, type AddressInfo, type Server, type Socket } from "node:net";

const refusal = { status: "500 Internal Server Error", body: { message: "refused by the test" } };

function bytesOf({ status, body }: { readonly status: string; readonly body: object }): string {
  const json = JSON.stringify(body);
  return [
    `HTTP/1.1 ${status}`,
    "Content-Type: application/json",
    `Content-Length: ${Buffer.byteLength(json)}`,
    "Connection: close",
    "",
    json,
  ].join("\r\n");
}

export class RefusingProxy implements AsyncDisposable {
  readonly host: string;
  readonly #server: Server;
  readonly #ends: Set<Socket>;

  /** What it stands for answers as well as it can: `body` to each of these requests. */
  static async answering(answers: (request: string) => boolean, body: object): Promise<RefusingProxy> {
    return RefusingProxy.start(answers, bytesOf({ status: "200 OK", body }));
  }

  private constructor(server: Server, ends: Set<Socket>) {
    this.#server = server;
    this.#ends = ends;
    this.host = `tcp://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  /** `refuses` is asked for each request, by its first line, such as "POST /containers/f00/stop?t=2 HTTP/1.1". */
  static async start(refuses: (request: string) => boolean, answer = bytesOf(refusal)): Promise<RefusingProxy> {
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
