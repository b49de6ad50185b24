// Every part that there is, real and of this run's own: Docker Engine, Postgres, two APIs, two runners, and a proxy on each way
// between two of them. Disposing of it leaves nothing behind.

import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { CutProxy } from "../support/cut-proxy.ts";
import { freePort } from "../support/free-port.ts";
import { EnginePart } from "./engine-part.ts";
import type { Findings } from "./findings.ts";
import { Health } from "./health.ts";
import { PostgresPart } from "./postgres-part.ts";
import { Receiver } from "./receiver.ts";
import { Service, type LogLine } from "./service.ts";

export const token = "a-token-for-chaos";
/** Ms from SIGTERM to SIGKILL. */
export const grace = 2_000;
/** A host silent for so long, ms, is given up. */
export const lostAfter = 40_000;
export const hosts = ["alpha", "beta"] as const;
export const slots = 5;

/** Who is told what a runner says of an attempt. */
export type Listener = (service: Service, line: LogLine) => void;

export class World implements AsyncDisposable {
  readonly folder: string;
  readonly findings: Findings;
  readonly health = new Health();
  readonly engine: EnginePart;
  readonly postgres: PostgresPart;
  readonly receiver: Receiver;
  readonly apis: Service[] = [];
  readonly runners: Service[] = [];
  /** By the way that each is on: "alpha-postgres", "alpha-docker", "api1-postgres", "clients-api1". */
  readonly ways = new Map<string, CutProxy>();
  readonly listeners: Listener[] = [];
  /** How long a process of ours takes until it serves, on this machine as busy as it is, ms. */
  startup = 0;
  /** Times, ms since the epoch, in which the Engine was down, alone or with its containers. */
  readonly outages: { readonly from: number; to: number; readonly containersToo: boolean }[] = [];

  private constructor(folder: string, findings: Findings, receiver: Receiver) {
    this.folder = folder;
    this.receiver = receiver;
    this.findings = findings;
    this.engine = new EnginePart(folder);
    this.postgres = new PostgresPart(folder);
  }

  static async start(findings: Findings): Promise<World> {
    // With this hook on its PATH an Engine without GPUs accepts requests for them; beside it stands an nvidia-smi.
    const stubs = join(import.meta.dirname, "..", "support", "gpu");
    const path = process.env["PATH"] ?? "";
    if (!path.split(delimiter).includes(stubs)) process.env["PATH"] = `${stubs}${delimiter}${path}`;
    const world = new World(mkdtempSync(join(tmpdir(), "skeduler-chaos-")), findings, await Receiver.start());
    try {
      await world.#build();
      return world;
    } catch (error) {
      await world[Symbol.asyncDispose]();
      throw error;
    }
  }

  get outputs(): string {
    return join(this.folder, "outputs");
  }

  /** Where the processes' temporary files go. */
  get temporary(): string {
    return join(this.folder, "tmp");
  }

  /** The APIs' addresses for clients, each through its proxy. */
  get addresses(): string[] {
    return this.apis.map((api) => `http://127.0.0.1:${this.way(`clients-${api.name}`).port}`);
  }

  way(name: string): CutProxy {
    const found = this.ways.get(name);
    if (found === undefined) throw new Error(`there is no way ${name}`);
    return found;
  }

  /** Containers of others, which nobody may touch. */
  readonly foreign = new Set<string>();
  /** Hosts whose runner was away for longer than it takes to be given up. */
  readonly silent = new Set<string>();

  /** Whether the Engine is down and took its containers with it. */
  get stoppedAll(): boolean {
    return this.outages.some(({ to, containersToo }) => containersToo && to === Infinity);
  }

  /** The parts that a host needs in order to act. */
  partsOf(host: string): string[] {
    return [host, "postgres", "docker", `${host}-postgres`, `${host}-docker`];
  }

  /** As their owners would, after an Engine that stopped everything. */
  async startForeign(): Promise<void> {
    for (const id of this.foreign)
      await this.engine.docker
        .getContainer(id)
        .start()
        .catch(() => undefined); // it runs already
  }

  async #build(): Promise<void> {
    for (const folder of [this.outputs, this.temporary]) mkdirSync(folder);
    await Promise.all([this.engine.start(true), this.postgres.start().then(async () => this.postgres.migrate())]);
    for (const [index, host] of hosts.entries()) {
      const database = await this.#proxied(`${host}-postgres`, this.postgres.url);
      const docker = await this.#way(`${host}-docker`, this.engine.host);
      const gpus = [0, 1].map((n) => `${n}, GPU-${host}-${n}, NVIDIA H100, 81559`).join("\n");
      this.#add(host, "runner", "the runner is ready", {
        SKEDULER_DATABASE: database,
        SKEDULER_DOCKER_HOST: `tcp://127.0.0.1:${docker.port}`,
        SKEDULER_RUNNER_NAME: host,
        SKEDULER_RUNNER_SLOTS: String(slots),
        SKEDULER_RUNNER_OUTPUTS: this.outputs,
        SKEDULER_RUNNER_STOP_GRACE: `${grace}ms`,
        SKEDULER_RUNNER_MIN_FREE_DISK: "1MiB",
        STUB_GPUS: gpus,
      });
      const name = `api${index + 1}`;
      const port = await freePort();
      await this.#way(`clients-${name}`, `tcp://127.0.0.1:${port}`);
      this.#add(name, "api", "the API is ready", {
        SKEDULER_DATABASE: await this.#proxied(`${name}-postgres`, this.postgres.url),
        SKEDULER_HTTP_LISTEN: `127.0.0.1:${port}`,
        SKEDULER_TOKENS: token,
        ...this.receiver.environment,
        SKEDULER_HOSTS_LOST_AFTER: `${lostAfter}ms`,
      });
    }
    const began = Date.now();
    for (const service of [...this.apis, ...this.runners]) service.start();
    await Promise.all([...this.apis, ...this.runners].map(async (service) => service.ready()));
    this.startup = Date.now() - began;
    this.findings.count("ms until a process serves", this.startup);
  }

  #add(name: string, command: "api" | "runner", readyMessage: string, env: NodeJS.ProcessEnv): void {
    const { findings, health, folder } = this;
    const service: Service = new Service({
      name,
      command,
      readyMessage,
      findings,
      health,
      logFile: join(folder, `${name}.log`),
      env: { ...process.env, SKEDULER_DATA: join(folder, "data"), TMPDIR: this.temporary, ...env },
      onLine: (line) => {
        for (const listener of this.listeners) listener(service, line);
      },
    });
    (command === "api" ? this.apis : this.runners).push(service);
  }

  async #way(name: string, target: string): Promise<CutProxy> {
    const proxy = await CutProxy.start(target);
    this.ways.set(name, proxy);
    return proxy;
  }

  async #proxied(name: string, url: string): Promise<string> {
    const through = new URL(url);
    through.host = `127.0.0.1:${(await this.#way(name, url)).port}`;
    return through.href;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.apis, ...this.runners].map(async (service) => service.close()));
    await Promise.all([...this.ways.values()].map(async (way) => way[Symbol.asyncDispose]()));
    await this.engine.close();
    await this.postgres.close();
    await this.receiver[Symbol.asyncDispose]();
    if (this.findings.violations.length === 0) rmSync(this.folder, { recursive: true, force: true });
    else this.findings.say(`the processes' logs are kept in ${this.folder}`);
  }
}
