// One process of ours (`skeduler api`, `skeduler runner`) as a service manager keeps it: killed, stopped, paused by faults,
// started again; one that ends by itself is started again after a second, as systemd would. Ending in a defect (exit code 70,
// or a signal that nobody sent) is a violation.

import { spawn, type ChildProcess } from "node:child_process";
import { createWriteStream, type WriteStream } from "node:fs";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import type { Findings } from "./findings.ts";
import type { Health } from "./health.ts";

const program = new URL("../../bin/skeduler.js", import.meta.url).pathname;
const restartAfter = 1_000;
/** Ms: more than any start takes on a busy machine. */
const servesWithin = 120_000;

export interface ServiceOptions {
  readonly name: string;
  readonly command: "api" | "runner";
  readonly env: NodeJS.ProcessEnv;
  readonly logFile: string;
  /** What its log says when it serves. */
  readonly readyMessage: string;
  readonly onLine: (line: LogLine) => void;
  readonly findings: Findings;
  readonly health: Health;
}

export interface LogLine {
  readonly msg: string;
  readonly level: number;
  readonly attempt?: string;
}

export class Service {
  readonly name: string;
  readonly #options: ServiceOptions;
  readonly #log: WriteStream;
  #child: ChildProcess | undefined;
  #exited: Promise<void> = Promise.resolve();
  #ready = Promise.withResolvers<undefined>();
  /** Whether it is meant to run; counts up so that a restart on its way knows that it is outdated. */
  #wanted = false;
  #generation = 0;
  #impaired = false;
  /** The last line that it wrote, as it ends with what keeps it from serving. */
  #lastWords = "";
  paused = false;
  /** When the process that runs now was started, ms since the epoch. */
  startedAt = 0;

  constructor(options: ServiceOptions) {
    this.#options = options;
    this.name = options.name;
    this.#log = createWriteStream(options.logFile, { flags: "a" });
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** Starts it; `ready` tells when it serves. */
  start(): void {
    this.#wanted = true;
    this.#ready = Promise.withResolvers();
    this.#impair();
    this.#spawn();
  }

  /** Rejects where it does not serve within two minutes. */
  async ready(): Promise<void> {
    const { promise, reject } = this.#ready;
    const late = setTimeout(
      () => reject(new Error(`${this.name} does not serve; it said last: ${this.#lastWords}`)),
      servesWithin,
    );
    try {
      await promise;
    } finally {
      clearTimeout(late);
    }
  }

  /** Ends it by a signal and waits until it is gone. */
  async end(signal: "SIGKILL" | "SIGTERM"): Promise<void> {
    this.#wanted = false;
    this.#generation += 1;
    this.#impair();
    this.#child?.kill(signal);
    const late = setTimeout(() => {
      this.#options.findings.violated("ends when asked", `${this.name} was still there 75 s after ${signal}`);
      this.#child?.kill("SIGKILL");
    }, 75_000);
    await this.#exited;
    clearTimeout(late);
  }

  pause(): void {
    this.paused = true;
    this.#options.health.impair(this.name);
    this.#child?.kill("SIGSTOP");
  }

  resume(): void {
    this.#child?.kill("SIGCONT");
    this.paused = false;
    this.#options.health.restore(this.name);
  }

  async close(): Promise<void> {
    await this.end("SIGTERM");
    await new Promise<void>((done) => this.#log.end(done));
  }

  #impair(): void {
    if (!this.#impaired) this.#options.health.impair(this.name);
    this.#impaired = true;
  }

  #spawn(): void {
    const { command, env, readyMessage, health, onLine } = this.#options;
    const generation = this.#generation;
    const ready = this.#ready;
    this.startedAt = Date.now();
    this.#log.write(`--- start ${new Date().toISOString()}\n`);
    const child = spawn(process.execPath, [program, command], { env, stdio: ["ignore", "ignore", "pipe"] });
    this.#child = child;
    createInterface({ input: child.stderr }).on("line", (text) => {
      this.#log.write(`${text}\n`);
      this.#lastWords = text;
      const line = parse(text);
      if (line === undefined) return;
      onLine(line);
      if (line.msg !== readyMessage || generation !== this.#generation) return;
      if (this.#impaired) health.restore(this.name);
      this.#impaired = false;
      ready.resolve(undefined);
    });
    this.#exited = new Promise((resolve) => {
      child.on("close", (code, signal) => {
        this.#log.write(`--- exit ${code ?? signal ?? ""} ${new Date().toISOString()}\n`);
        resolve();
        if (this.#wanted && generation === this.#generation) this.#endedByItself(code, signal);
      });
    });
  }

  #endedByItself(code: number | null, signal: string | null): void {
    const { findings, name } = { ...this.#options, name: this.name };
    findings.count(`${name} ended by itself`);
    findings.say(`${name} ended by itself (${code ?? signal ?? ""}): ${this.#lastWords}`);
    if (code !== 1) findings.violated("no defect", `${name} ended with ${code ?? signal ?? ""}; see its log`);
    this.#impair();
    const generation = this.#generation;
    sleep(restartAfter)
      .then(() => {
        if (this.#wanted && generation === this.#generation) this.#spawn();
      })
      .catch(() => undefined);
  }
}

function parse(text: string): LogLine | undefined {
  try {
    return JSON.parse(text) as LogLine;
  } catch {
    return undefined;
  }
}
