// skeduler config check: loads the configuration as every command does and shows what counts, without secrets.
// A fault ends it with the same sentence and exit code 1 as a start would.
import { stringify } from "yaml";
import { loadConfig } from "../../config/load.ts";
import { keyPaths } from "../../config/paths.ts";

export async function run(options: { config?: string }): Promise<void> {
  const config = loadConfig({ file: options.config, env: process.env });
  const shown: Section = {};
  for (const { path, secret } of keyPaths) {
    const value = path.reduce((section: unknown, key) => (section as Section)[key], config);
    const last = path.length - 1;
    const section = path.slice(0, last).reduce((above: Section, key) => (above[key] ??= {}) as Section, shown);
    section[path[last] ?? ""] = secret ? hidden(value) : (value ?? null);
  }
  process.stdout.write(
    `# The configuration is correct. What counts (times in milliseconds, sizes in bytes):\n${stringify(shown)}`,
  );
  return Promise.resolve();
}

type Section = Record<string, unknown>;

function hidden(value: unknown): unknown {
  if (value === undefined || value === "") return value ?? null;
  if (typeof value === "string" && /^[a-z]+:\/\//.test(value)) return withoutPassword(new URL(value));
  if (Array.isArray(value)) return value.map(hidden);
  if (typeof value !== "object" || value === null) return "hidden";
  if ("name" in value) return { name: value.name, ...("kind" in value && { kind: value.kind }) };
  return Object.fromEntries(Object.keys(value).map((key) => [key, "hidden"]));
}

/** Of a database or a mail server: which one it is may be seen. */
function withoutPassword(address: URL): string {
  if (address.password !== "") address.password = "hidden";
  for (const name of address.searchParams.keys())
    if (/pass|secret|token|key/i.test(name)) address.searchParams.set(name, "hidden");
  return address.href;
}
