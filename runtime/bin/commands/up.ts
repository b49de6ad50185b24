// skeduler up: everything on one machine. Finds or starts a Docker Engine, an embedded Postgres unless one is configured,
// migrates, then API and runner in this process. Ctrl-C ends what it started, in reverse; containers go on and are adopted.

import { relative, resolve } from "node:path";
import { startApi, type Api } from "../../api.ts";
import { saveContext } from "../../cli/contexts.ts";
import { outliveReaders } from "../../cli/output.ts";
import { loadConfig } from "../../config/load.ts";
import type { Config } from "../../config/schema.ts";
import type { Token } from "../../config/token-list.ts";
import { ensureTokens } from "../../config/tokens.ts";
import { migrate } from "../../database/migrate.ts";
import { UserError } from "../../errors.ts";
import { createLog } from "../../log.ts";
import { startRunner } from "../../runner/start.ts";
import { claimFolder } from "../../up/claim-folder.ts";
import { startEmbeddedPostgres } from "../../up/embedded-postgres.ts";
import { provideEngine, releaseEngine } from "../../up/provide-engine.ts";
import { showSample } from "../../up/show-sample.ts";
import { confirm } from "../confirm.ts";
import type { CommandContext } from "../run-command.ts";
import { untilStopped } from "../until-stopped.ts";
import { versionOf } from "../../version.ts";

interface UpOptions {
  readonly config?: string;
  readonly sample?: boolean;
  readonly provision: boolean;
  readonly yes?: boolean;
}

const say = (line: string): void => {
  process.stdout.write(`skeduler: ${line}\n`);
};

export async function run(options: UpOptions, { signal }: CommandContext): Promise<void> {
  outliveReaders();
  const config = loadConfig({ file: options.config, env: process.env, defaults: { log_level: "warn" } });
  const log = createLog(config.log_level);
  await claimFolder(resolve(config.data));
  await using cleanup = new AsyncDisposableStack();
  const engine = await provideEngine({
    configured: config.docker.host,
    folder: resolve(config.data, "docker"),
    log: say,
    provision: options.provision,
    confirm: async (question) => options.yes === true || agreed(question),
  });
  cleanup.defer(async () => releaseEngine(engine, say));
  if (engine.private !== undefined) say(`docker: DOCKER_HOST=${engine.host}`);
  signal.throwIfAborted();
  const database = config.database ?? (await embedded(config, cleanup));
  signal.throwIfAborted();
  await migrate(database, {
    signal,
    confirmAdoption: async (waiting) =>
      options.yes === true ||
      confirm(`The ${waiting} waiting experiments of the existing table jobs will start to run. Go on?`, false),
  });
  const tokens = ensureTokens(config, (token, file) => say(`made a token, kept in ${file}: ${token}`));
  const api = await startApiSomewhere({ config, database, tokens, log });
  cleanup.defer(async () => api.close());
  const runner = await startRunner({
    config: { ...config, docker: { host: engine.host } },
    database,
    version: versionOf(),
    log,
  });
  cleanup.defer(async () => runner.close());
  say(`the API is at ${api.url}; host ${runner.host} runs ${runner.slots} at once`);
  const token = tokens[0]?.token ?? "";
  const program = relative(process.cwd(), resolve(import.meta.dirname, "../../../bin/skeduler"));
  keepContext(api.url, token, program);
  if (options.sample === true) await showSample({ url: api.url, token, program, engineHost: engine.host, say, signal });
  if (!signal.aborted) say("ready; Ctrl-C stops it (running experiments go on and are taken up by the next start)");
  await untilStopped(signal, runner.lost);
  say("stopping");
}

/** The command line of this user then knows the server. Where that cannot be kept, only this is lost. */
function keepContext(host: string, token: string, program: string): void {
  try {
    saveContext(process.env, "local", { host, token }, { use: false });
    say(`the command line knows it as the context "local": ${program} ls`);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    say(`the command line has to be told where it is (${program} login ${host}): ${error.message}`);
  }
}

/** On a terminal a question; elsewhere said and done. */
async function agreed(question: string): Promise<boolean> {
  if (!process.stdin.isTTY) say(`${question} Yes (no terminal to ask on; --no-provision forbids it).`);
  return confirm(question, true);
}

async function embedded(config: Config, cleanup: AsyncDisposableStack): Promise<string> {
  const postgres = await startEmbeddedPostgres({ folder: resolve(config.data, "postgres"), log: say });
  cleanup.defer(async () => postgres.stop());
  return postgres.url;
}

/** Takes another port where the configured one is taken: `up` is for trying out, and says where it is. */
async function startApiSomewhere(options: {
  config: Config;
  database: string;
  tokens: readonly Token[];
  log: ReturnType<typeof createLog>;
}): Promise<Api> {
  try {
    return await startApi(options);
  } catch (error) {
    const { host, port } = options.config.http.listen;
    const taken =
      error instanceof UserError &&
      error.cause instanceof Error &&
      "code" in error.cause &&
      error.cause.code === "EADDRINUSE";
    if (!taken) throw error;
    say(`port ${port} is taken by another program: taking a free one`);
    const http = { ...options.config.http, listen: { host, port: 0 } };
    return startApi({ ...options, config: { ...options.config, http } });
  }
}
