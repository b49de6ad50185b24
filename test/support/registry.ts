// Debian's docker-registry on loopback, on a port that the system chooses, with its own configuration and storage.
// With `login` it asks for the name and password below. Where the package is missing, root gets it installed.

import { spawn, type ChildProcess } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Engine } from "../../runtime/docker/engine.ts";
import { needPackage } from "./debian-package.ts";
import { image } from "./system.ts";

const program = "/usr/bin/docker-registry";

export const login = { username: "walker", password: "s3cret-of-walker" };
/** The line of htpasswd for `login`: bcrypt, which is all that the registry takes. */
const htpasswd = "walker:$2y$04$wwywWPsdr5oJMkpQasXfCu.CVeqKxJKqDtBlbEbkqsJQNeM6y8EUW\n";

export class Registry implements AsyncDisposable {
  /** What an image's name begins with: 127.0.0.1:PORT. */
  readonly host: string;
  readonly #child: ChildProcess;
  readonly #exited: Promise<unknown>;
  readonly #folder: string;

  private constructor(host: string, child: ChildProcess, exited: Promise<unknown>, folder: string) {
    this.host = host;
    this.#child = child;
    this.#exited = exited;
    this.#folder = folder;
  }

  /** Resolves when the registry says on which port it listens. */
  static async start(options: { login: boolean }): Promise<Registry> {
    needPackage("docker-registry", program);
    const folder = mkdtempSync(join(tmpdir(), "skeduler-registry-"));
    writeFileSync(join(folder, "htpasswd"), htpasswd);
    const config = {
      version: 0.1,
      storage: { filesystem: { rootdirectory: join(folder, "storage") } },
      http: { addr: "127.0.0.1:0" },
      ...(options.login && { auth: { htpasswd: { realm: "tests", path: join(folder, "htpasswd") } } }),
    };
    const file = join(folder, "config.yml");
    writeFileSync(file, JSON.stringify(config)); // JSON is YAML
    const child = spawn(program, ["serve", file], { stdio: ["ignore", "ignore", "pipe"] });
    const exited = new Promise((resolve) => child.on("exit", resolve));
    const port = await new Promise<string>((resolve, reject) => {
      let said = "";
      child.stderr.on("data", (text: Buffer) => {
        said += text.toString();
        const found = /listening on 127\.0\.0\.1:(\d+)/.exec(said)?.[1];
        if (found !== undefined) resolve(found);
      });
      child.on("exit", () => reject(new Error(`docker-registry ended: ${said}`)));
      child.on("error", reject);
    });
    return new Registry(`127.0.0.1:${port}`, child, exited, folder);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill("SIGTERM");
    await this.#exited;
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

/** Puts the sample image, or another, into the registry under this name, and takes the name off the host again. */
export async function publish(
  docker: Engine["docker"],
  registry: Registry,
  name: string,
  from = image,
): Promise<string> {
  const repo = `${registry.host}/${name}`;
  await docker.getImage(from).tag({ repo, tag: "1" });
  const authconfig = { ...login, serveraddress: registry.host };
  const stream = await docker.getImage(`${repo}:1`).push({ authconfig });
  let said = "";
  for await (const text of stream) said += String(text);
  if (said.includes('"error"')) throw new Error(`the image could not be pushed: ${said}`);
  await docker.getImage(`${repo}:1`).remove();
  return `${repo}:1`;
}
