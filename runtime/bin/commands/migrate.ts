// skeduler migrate: brings the database up to date; asks before experiments of another system would start to run.

import { loadConfig } from "../../config/load.ts";
import { migrate } from "../../database/migrate.ts";
import { UserError } from "../../errors.ts";
import { confirm } from "../confirm.ts";
import { requiredDatabase } from "../required-database.ts";

export async function run(options: { config?: string; yes?: boolean }): Promise<void> {
  const config = loadConfig({ file: options.config, env: process.env });
  const { applied } = await migrate(requiredDatabase(config), {
    confirmAdoption: async (waiting) => {
      const what = `${waiting} waiting ${waiting === 1 ? "experiment" : "experiments"} of the existing table jobs will start to run`;
      if (options.yes === true) {
        process.stdout.write(`${what}.\n`);
        return true;
      }
      if (!process.stdin.isTTY) throw new UserError(`${what}: say --yes if that is right. Nothing was changed.`);
      return confirm(`${what}. Adopt it?`, false);
    },
  });
  process.stdout.write(
    applied.length === 0
      ? "The database is up to date.\n"
      : `Applied ${applied.join(", ")}; the database is up to date.\n`,
  );
}
