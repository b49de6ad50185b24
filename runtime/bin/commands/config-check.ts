// skeduler config check: loads the configuration as every command does and shows what counts, without secrets.
// A fault ends it with the same sentence and exit code 1 as a start would.
import { stringify } from "yaml";
import { loadConfig } from "../../config/load.ts";

function withoutPassword(address: string): string {
  const url = new URL(address);
  if (url.password !== "") url.password = "hidden";
  if (url.searchParams.has("password")) url.searchParams.set("password", "hidden");
  return url.href;
}

export async function run(options: { config?: string }): Promise<void> {
  const config = loadConfig({ file: options.config, env: process.env });
  const shown = {
    ...config,
    database: config.database === undefined ? null : withoutPassword(config.database),
    telegram_token: config.telegram_token === "" ? "" : "hidden",
    notifications: {
      ...config.notifications,
      targets: config.notifications.targets.map(({ name, kind }) => ({ name, kind })),
    },
    tokens: config.tokens.map(({ name }) => ({ name, token: "hidden" })),
  };
  process.stdout.write(
    `# The configuration is correct. What counts (times in milliseconds, sizes in bytes):\n${stringify(shown)}`,
  );
  return Promise.resolve();
}
