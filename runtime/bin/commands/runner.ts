// skeduler runner: runs experiments on this host until it is asked to stop; their containers go on then.

import { loadConfig } from "../../config/load.ts";
import { createLog } from "../../log.ts";
import { startRunner } from "../../runner/start.ts";
import { requiredDatabase } from "../required-database.ts";
import type { CommandContext } from "../run-command.ts";
import { untilStopped } from "../until-stopped.ts";
import { versionOf } from "../../version.ts";

export async function run(options: { config?: string }, { signal }: CommandContext): Promise<void> {
  const config = loadConfig({ file: options.config, env: process.env });
  const log = createLog(config.log_level);
  const runner = await startRunner({ config, database: requiredDatabase(config), version: versionOf(), log });
  try {
    await untilStopped(signal, runner.lost);
  } finally {
    await runner.close();
  }
}
