// `skeduler api` and `skeduler runner` as processes of their own, as they are installed: started, measured by /proc, stopped.

import { spawn, type ChildProcess } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Client } from "./connection.ts";

export const token = "a-bench-token";
const program = new URL("../../bin/skeduler", import.meta.url).pathname;
/** Of /proc's times, a second (USER_HZ on every Linux that Node runs on). */
const ticks = 100;

export class Skeduler implements AsyncDisposable {
  /** From spawn to "is ready", ms. */
  readonly readyMs: number;
  /** Of the API; "" for a runner. */
  readonly url: string;
  readonly pid: number;
  readonly #client: Client | undefined;
  readonly #child: ChildProcess;
  readonly #exited: Promise<unknown>;
  readonly #folder: string;

  private constructor(child: ChildProcess, exited: Promise<unknown>, folder: string, url: string, readyMs: number) {
    this.#child = child;
    this.#exited = exited;
    this.#folder = folder;
    this.pid = child.pid ?? 0;
    this.url = url;
    this.#client = url === "" ? undefined : new Client(url, token);
    this.readyMs = readyMs;
  }

  /** Resolves when it says that it is ready. `env` overrides keys of the configuration; NODE_OPTIONS are Node's own. */
  static async start(
    command: "api" | "runner",
    database: string,
    { env = {} }: { readonly env?: Record<string, string> } = {},
  ): Promise<Skeduler> {
    const folder = mkdtempSync(join(tmpdir(), "skeduler-bench-"));
    const from = performance.now();
    const child = spawn(program, [command], {
      env: {
        ...process.env,
        NODE_ENV: "production",
        SKEDULER_DATABASE: database,
        SKEDULER_DATA: folder,
        SKEDULER_TOKENS: token,
        SKEDULER_HTTP_LISTEN: "127.0.0.1:0",
        SKEDULER_RUNNER_NAME: "bench",
        ...env,
      },
      stdio: ["ignore", "inherit", "pipe"],
    });
    const exited = new Promise((resolve) => child.on("exit", resolve));
    let said = "";
    const url = await new Promise<string>((resolve, reject) => {
      child.stderr.on("data", (text: Buffer) => {
        said += text.toString();
        if (said.includes("is ready")) resolve(/"url":"([^"]+)"/.exec(said)?.[1] ?? "");
      });
      child.on("exit", () => reject(new Error(`skeduler ${command} ended: ${said}`)));
    });
    return new Skeduler(child, exited, folder, url, performance.now() - from);
  }

  /** Resident memory, MiB; `most`: the most since `forgetMost`. */
  memory(which: "now" | "most" = "now"): number {
    const status = readFileSync(`/proc/${this.pid}/status`, "utf8");
    return Number((which === "now" ? /VmRSS:\s+(\d+)/ : /VmHWM:\s+(\d+)/).exec(status)?.[1]) / 1024;
  }

  forgetMost(): void {
    writeFileSync(`/proc/${this.pid}/clear_refs`, "5");
  }

  /** Seconds of processor time used so far. */
  cpu(): number {
    const fields = readFileSync(`/proc/${this.pid}/stat`, "utf8").split(") ")[1]?.split(" ") ?? [];
    return (Number(fields[11]) + Number(fields[12])) / ticks;
  }

  openFiles(): number {
    return readdirSync(`/proc/${this.pid}/fd`).length;
  }

  /** The body of an answer of 200, for what is asked often beside what is measured. */
  async ask(method: "GET" | "POST", path: string, body?: string): Promise<Buffer> {
    if (this.#client === undefined) throw new Error("a runner answers nothing");
    return this.#client.ask(method, path, body);
  }

  async fetch(path: string, init: RequestInit = {}): Promise<Response> {
    const response = await fetch(this.url + path, { ...init, headers: { Authorization: token } });
    if (!response.ok) throw new Error(`${path} answered ${response.status}: ${await response.text()}`);
    return response;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill("SIGTERM");
    await this.#exited;
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
