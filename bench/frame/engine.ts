// The limit on the Docker side: the Engine alone, asked by plain HTTP on its socket, with containers made as ours are (the
// `local` log driver in one file). Nothing of Skeduler is in this path.

import { Agent, request } from "node:http";
import { image } from "../../test/support/system.ts";

const address = new URL(process.env["DOCKER_HOST"] ?? "unix:///var/run/docker.sock");
const place =
  address.protocol === "unix:"
    ? { socketPath: address.pathname }
    : { host: address.hostname, port: Number(address.port || 2375) };
const agent = new Agent({ keepAlive: true });

async function ask(method: string, path: string, body?: object, onData?: (data: Buffer) => void): Promise<string> {
  const text = body === undefined ? undefined : JSON.stringify(body);
  const headers = text === undefined ? {} : { "Content-Type": "application/json", "Content-Length": text.length };
  return new Promise((resolve, reject) => {
    const sent = request({ ...place, agent, method, path, headers }, (answer) => {
      const parts: Buffer[] = [];
      answer.on("data", onData ?? ((data: Buffer) => parts.push(data)));
      answer.on("error", reject).on("end", () => {
        const said = Buffer.concat(parts).toString();
        if ((answer.statusCode ?? 500) < 400) resolve(said);
        else reject(new Error(`${method} ${path} answered ${answer.statusCode ?? 0}: ${said}`));
      });
    });
    sent.on("error", reject).end(text);
  });
}

/** A container of the sample image; its id. `options`: more of Docker's HostConfig. */
export async function create(command: readonly string[], options: object = {}): Promise<string> {
  const config = { "max-size": "4g", "max-file": "1", compress: "false" };
  const HostConfig = { LogConfig: { Type: "local", Config: config }, ...options };
  const made = await ask("POST", "/containers/create", { Image: image, Cmd: command, HostConfig });
  return (JSON.parse(made) as { Id: string }).Id;
}

export async function start(id: string): Promise<void> {
  await ask("POST", `/containers/${id}/start`);
}

/** Resolves when the Engine says that the container has ended. */
export async function wait(id: string): Promise<void> {
  await ask("POST", `/containers/${id}/wait`);
}

/** Reads the log as it comes, until the container has ended. */
export async function follow(id: string, onData: (data: Buffer) => void): Promise<void> {
  await ask("GET", `/containers/${id}/logs?stdout=1&stderr=1&timestamps=1&follow=1`, undefined, onData);
}

/** Kills it if it runs. */
export async function remove(id: string): Promise<void> {
  await ask("DELETE", `/containers/${id}?force=1&v=1`);
}
