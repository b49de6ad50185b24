// `skeduler runner` as a process of its own, to be killed.

import { spawn, type ChildProcess } from "node:child_process";
import type { System } from "./system.ts";

const program = new URL("../../bin/skeduler.js", import.meta.url).pathname;

export class RunnerProcess {
  readonly #child: ChildProcess;
  /** The exit code; null when killed by a signal. */
  readonly exited: Promise<number | null>;

  #said = "";
  #heard = Promise.withResolvers<undefined>();

  private constructor(child: ChildProcess, exited: Promise<number | null>) {
    this.#child = child;
    this.exited = exited;
    child.stderr?.on("data", (text: Buffer) => {
      this.#said += text.toString();
      this.#heard.resolve(undefined);
      this.#heard = Promise.withResolvers();
    });
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** Resolves when its log matches. */
  async says(pattern: RegExp): Promise<void> {
    while (!pattern.test(this.#said)) await this.#heard.promise;
  }

  /** Its server log since it was ready. */
  get said(): string {
    return this.#said;
  }

  /** Resolves when the runner says that it is ready. */
  static async start(system: System, name: string, overrides: Record<string, string> = {}): Promise<RunnerProcess> {
    const child = spawn(process.execPath, [program, "runner"], {
      env: {
        ...process.env,
        SKEDULER_DATABASE: system.database,
        SKEDULER_DATA: system.folder,
        SKEDULER_RUNNER_NAME: name,
        SKEDULER_RUNNER_SLOTS: "4",
        ...overrides,
      },
      stdio: ["ignore", "ignore", "pipe"],
    });
    const exited = new Promise<number | null>((resolve) => child.on("exit", resolve));
    const ready = new Promise<void>((resolve, reject) => {
      let said = "";
      child.stderr.on("data", (text: Buffer) => {
        said += text.toString();
        if (said.includes("the runner is ready")) resolve();
      });
      child.on("exit", () => reject(new Error(`the runner ended: ${said}`)));
    });
    await ready;
    return new RunnerProcess(child, exited);
  }

  /** SIGSTOP and SIGCONT: a host that is cut off, and one that is back. */
  signal(name: "SIGSTOP" | "SIGCONT" | "SIGTERM"): void {
    this.#child.kill(name);
  }

  /** As an operator stops it: what it has in hand is put away first. */
  async stop(): Promise<void> {
    this.#child.kill("SIGTERM");
    await this.exited;
  }

  async kill(): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.exited;
  }
}
