// api, runner and migrate need a database; only `up` brings one of its own.

import type { Config } from "../config/schema.ts";
import { UserError } from "../errors.ts";

export function requiredDatabase(config: Config): string {
  if (config.database !== undefined) return config.database;
  throw new UserError(
    'No database is configured: set the key database ("postgres://user:password@host:5432/name") or SKEDULER_DATABASE, or use skeduler up, which brings its own.',
  );
}
