// skeduler migrate: brings the database up to date; asks before experiments of another system would start to run. Stopped before it
// has changed anything it ends as killed by that signal: who waits for its success must not take this for one.

import { loadConfig } from "../../config/load.ts";
import { migrate } from "../../database/migrate.ts";
import { UserError } from "../../errors.ts";
import { confirm } from "../confirm.ts";
import { requiredDatabase } from "../required-database.ts";
import { StopSignal, type CommandContext } from "../run-command.ts";

export async function run(options: { config?: string; yes?: boolean }, { signal }: CommandContext): Promise<void> {
  const config = loadConfig({ file: options.config, env: process.env });
  const { applied } = await migrate(requiredDatabase(config), {
    signal,
    confirmAdoption: async (waiting) => {
      const what = `${waiting} waiting ${waiting === 1 ? "experiment" : "experiments"} of the existing table jobs will start to run`;
      if (options.yes === true) {
        process.stdout.write(`${what}.\n`);
        return true;
      }
      if (!process.stdin.isTTY) throw new UserError(`${what}: say --yes if that is right. Nothing was changed.`);
      return confirm(`${what}. Adopt it?`, false);
    },
  }).catch((error: unknown) => {
    if (!(error instanceof StopSignal)) throw error;
    const exitCode = error.signal === "SIGINT" ? 130 : 143;
    throw new UserError(`Stopped by ${error.signal}: nothing was changed.`, { exitCode, cause: error });
  });
  process.stdout.write(
    applied.length === 0
      ? "The database is up to date.\n"
      : `Applied ${applied.join(", ")}; the database is up to date.\n`,
  );
}
