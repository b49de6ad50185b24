// A whole Skeduler in this process on the real parts: a database of its own, API processes, runners on the real Engine.
// Waits are on events: `until` looks whenever the database says that the experiment changed.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { startApi, type Api } from "../../runtime/api.ts";
import { loadConfig } from "../../runtime/config/load.ts";
import type { Config } from "../../runtime/config/schema.ts";
import { channel } from "../../runtime/database/notifier.ts";
import { createLog } from "../../runtime/log.ts";
import { startRunner, type Runner } from "../../runtime/runner/start.ts";
import { createTestDatabase } from "./database.ts";

export const image = "skeduler-sample:local";
export const token = "a-test-token";

export interface Experiment {
  readonly id: string;
  readonly name: string;
  readonly description: string;
  readonly docker: { readonly image: string; readonly command: string; readonly environment: Record<string, unknown> };
  readonly created_at: string;
  readonly updated_at: string;
  readonly status: "ENQUEUED" | "RUNNING" | "FINISHED" | "CANCELLED";
  readonly metadata: unknown;
  readonly resources: Record<string, unknown>;
  readonly retries: { readonly count: number; readonly on: string[]; readonly backoff: string } | null;
  readonly retried: number;
  readonly after: string[];
  readonly owner: string;
  readonly host: string | null;
  readonly started_at: string | null;
  readonly ended_at: string | null;
  readonly result: { reason: string; exit_code: number | null; signal: string | null; message: string } | null;
  readonly attempt: {
    readonly id: string;
    readonly number: number;
    readonly host: string;
    readonly started_at: string | null;
    readonly ended_at: string | null;
    readonly closed_at: string | null;
    readonly output: string | null;
    readonly result: { reason: string; exit_code: number | null } | null;
  } | null;
}

type Overrides = Record<string, string>;

export class System implements AsyncDisposable {
  readonly database: string;
  readonly folder: string;
  readonly apis: Api[] = [];
  readonly runners: Runner[] = [];
  readonly #cleanup: AsyncDisposableStack;
  readonly #listener: pg.Client;

  private constructor(database: string, folder: string, listener: pg.Client, cleanup: AsyncDisposableStack) {
    this.database = database;
    this.folder = folder;
    this.#listener = listener;
    this.#cleanup = cleanup;
  }

  /** A database and one API process; runners are added by the test. */
  static async start(overrides: Overrides = {}): Promise<System> {
    await using cleanup = new AsyncDisposableStack();
    const database = await createTestDatabase();
    cleanup.defer(async () => database.drop());
    const folder = mkdtempSync(join(tmpdir(), "skeduler-system-"));
    cleanup.defer(() => rmSync(folder, { recursive: true, force: true }));
    const listener = new pg.Client({ connectionString: database.url });
    await listener.connect();
    listener.setMaxListeners(0);
    await listener.query(`listen ${channel}`);
    cleanup.defer(async () => listener.end());
    const system = new System(database.url, folder, listener, cleanup.move());
    await system.addApi(overrides);
    return system;
  }

  config(overrides: Overrides = {}): Config {
    const env = {
      SKEDULER_DATABASE: this.database,
      SKEDULER_TOKENS: token,
      SKEDULER_HTTP_LISTEN: "127.0.0.1:0",
      SKEDULER_DATA: this.folder,
      ...overrides,
    };
    return loadConfig({ env });
  }

  async addApi(overrides: Overrides = {}): Promise<Api> {
    const config = this.config(overrides);
    const api = await startApi({
      config,
      database: this.database,
      tokens: config.tokens,
      log: createLog("error"),
    });
    this.apis.push(api);
    return api;
  }

  async addRunner(name: string, overrides: Overrides = {}): Promise<Runner> {
    const config = this.config({ SKEDULER_RUNNER_NAME: name, SKEDULER_RUNNER_SLOTS: "4", ...overrides });
    const runner = await startRunner({ config, database: this.database, version: "test", log: createLog("error") });
    this.runners.push(runner);
    return runner;
  }

  get url(): string {
    const [api] = this.apis;
    if (api === undefined) throw new Error("this system has no API");
    return api.url;
  }

  async fetch(path: string, init: RequestInit = {}, url = this.url): Promise<Response> {
    return fetch(url + path, {
      ...init,
      headers: { Authorization: token, ...(init.headers as Record<string, string>) },
    });
  }

  async post(
    docker: { command?: string; image?: string; environment?: object; [option: string]: unknown },
    more: object = {},
  ): Promise<Experiment> {
    const body = { name: "test", docker: { image, ...docker }, ...more };
    return this.json("/experiments", { method: "POST", body: JSON.stringify(body) });
  }

  /** A shell script as an experiment. */
  async postScript(script: string, more: object = {}): Promise<Experiment> {
    return this.post({ command: `sh -c '${script.replaceAll("'", `'"'"'`)}'` }, more);
  }

  async get(id: string): Promise<Experiment> {
    return this.json(`/experiments/${id}`);
  }

  async put(id: string, change: object): Promise<Experiment> {
    return this.json(`/experiments/${id}`, { method: "PUT", body: JSON.stringify(change) });
  }

  async json(path: string, init: RequestInit = {}): Promise<Experiment> {
    const response = await this.fetch(path, init);
    if (!response.ok)
      throw new Error(`${init.method ?? "GET"} ${path} answered ${response.status}: ${await response.text()}`);
    return (await response.json()) as Experiment;
  }

  async log(id: string, query = ""): Promise<Buffer> {
    const response = await this.fetch(`/logs/${id}${query}`);
    if (!response.ok) throw new Error(`GET /logs answered ${response.status}: ${await response.text()}`);
    return Buffer.from(await response.arrayBuffer());
  }

  /** The experiment as soon as `isSo` holds; looks whenever the database says that it changed. */
  async until(id: string, isSo: (experiment: Experiment) => boolean | Promise<boolean>): Promise<Experiment> {
    let look = Promise.withResolvers<undefined>();
    const onChange = ({ payload }: pg.Notification): void => {
      if (payload?.includes(id) === true) look.resolve(undefined);
    };
    this.#listener.on("notification", onChange);
    try {
      for (;;) {
        const experiment = await this.get(id);
        if (await isSo(experiment)) return experiment;
        await look.promise;
        look = Promise.withResolvers();
      }
    } finally {
      this.#listener.off("notification", onChange);
    }
  }

  async ended(id: string): Promise<Experiment> {
    return this.until(
      id,
      (e) => ["FINISHED", "CANCELLED"].includes(e.status) && (e.attempt === null || e.attempt.closed_at !== null),
    );
  }

  /** Resolves when the stored log contains the text. */
  async logged(id: string, text: string): Promise<void> {
    await this.until(id, async () => (await this.log(id)).includes(text));
  }

  async query(text: string, values: unknown[] = []): Promise<pg.QueryResult<Record<string, unknown>>> {
    return this.#listener.query(text, values);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.runners.map(async (runner) => runner.close()));
    await Promise.all(this.apis.map(async (api) => api.close()));
    await this.#cleanup.disposeAsync();
  }
}
