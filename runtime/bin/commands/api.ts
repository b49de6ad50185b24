// skeduler api: serves until it is asked to stop.

import { startApi } from "../../api.ts";
import { loadConfig } from "../../config/load.ts";
import { ensureTokens } from "../../config/tokens.ts";
import { createLog } from "../../log.ts";
import { requiredDatabase } from "../required-database.ts";
import type { CommandContext } from "../run-command.ts";
import { untilStopped } from "../until-stopped.ts";

export async function run(options: { config?: string }, { signal }: CommandContext): Promise<void> {
  const config = loadConfig({ file: options.config, env: process.env });
  const log = createLog(config.log_level);
  const database = requiredDatabase(config);
  const tokens = ensureTokens(config, (token, file) =>
    process.stdout.write(`No token is configured, so one was made: ${token}\n(kept in ${file}, shown only now)\n`),
  );
  const api = await startApi({ config, database, tokens, log });
  log.info({ url: api.url }, "the API is ready");
  await untilStopped(signal);
  await api.close();
}
