// Reads the configuration: the YAML file, then the environment over it, then the schema over both.
// Every fault becomes one sentence: which key (or variable, or file), what was wrong, what is allowed. Secrets are never shown.
import { readFileSync } from "node:fs";
import { parse, YAMLParseError } from "yaml";
import type { z } from "zod";
import { UserError } from "../errors.ts";
import { closest } from "./closest.ts";
import { fromEnvironment } from "./environment.ts";
import { keyPaths, keysIn } from "./paths.ts";
import { type Config, configSchema } from "./schema.ts";

type Section = Record<string, unknown>;

function isSection(value: unknown): value is Section {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** A key without a value (`name:`) is one that is not given. */
function given(value: unknown): unknown {
  if (!isSection(value)) return value;
  const kept = Object.entries(value).filter(([, item]) => item !== null);
  return Object.fromEntries(kept.map(([key, item]) => [key, given(item)]));
}

function readFile(file: string, required: boolean): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : String(error);
    if (code === "ENOENT" && !required) return "";
    const why = code === "ENOENT" ? "does not exist" : code === "EISDIR" ? "is a folder" : `cannot be read (${code})`;
    throw new UserError(
      `The configuration file ${file} ${why}: name another with --config, or start from config.yaml.example.`,
      { cause: error },
    );
  }
}

function parseYaml(file: string, text: string): Section {
  let value: unknown;
  try {
    value = parse(text) ?? {};
  } catch (error) {
    if (!(error instanceof YAMLParseError)) throw notYaml(file, "", unquoted(error)); // without the value, which may be secret
    const at = error.linePos?.[0];
    const place = at === undefined ? "" : ` at line ${at.line}, column ${at.col}`;
    // The message's later lines quote the file, which holds secrets.
    const what = (error.message.split("\n")[0] ?? "").replace(/ at line \d+, column \d+:?$/, "");
    throw notYaml(file, place, what.replace(/\.$/, ""));
  }
  if (!isSection(value))
    throw new UserError(`The configuration file ${file} must hold keys and values, like those in config.yaml.example.`);
  return value;
}

function notYaml(file: string, place: string, what: string): UserError {
  return new UserError(`The configuration file ${file} is not correct YAML${place}: ${what}.`);
}

/** What parses and cannot be made a value: to YAML a word with * in front names another value. */
function unquoted(error: unknown): string {
  const isAlias = error instanceof Error && error.message.startsWith("Unresolved alias");
  return isAlias ? "a value that begins with * has to be quoted" : "it cannot be made values";
}

function layer(target: Section, path: readonly string[], value: unknown): void {
  const [key = "", ...rest] = path;
  if (rest.length === 0) {
    target[key] = value;
    return;
  }
  const below = target[key];
  // A section that is no section in the file stays what it is, for the schema to refuse.
  if (below !== undefined && !isSection(below)) return;
  const section: Section = below ?? {};
  target[key] = section;
  layer(section, rest, value);
}

function sentence(issue: z.core.$ZodIssue, file: string, variables: ReadonlySet<string>): string {
  const path = issue.path.map(String);
  const dotted = path.join(".");
  const allowed = keysIn(path);
  const where = path.length === 0 ? "the top level" : dotted;
  if (issue.code === "unrecognized_keys") {
    const unknown = issue.keys[0] ?? "";
    const meant = closest(unknown, allowed) ?? keyPaths.find((key) => key.path.at(-1) === unknown)?.path.join(".");
    const hint = meant === undefined ? "" : ` (did you mean ${meant}?)`;
    return `Unknown key ${[...path, unknown].join(".")} in ${file}${hint}: allowed at ${where} are ${allowed.join(", ")}.`;
  }
  const variable = keyPaths.find((key) => key.path.join(".") === dotted)?.variable;
  const name = variable !== undefined && variables.has(variable) ? variable : `${dotted} in ${file}`;
  if (issue.code === "invalid_type") return `${name} must be a section with the keys ${allowed.join(", ")}.`;
  return `${name} ${issue.message}.`;
}

export interface ConfigSource {
  /** Without it SKEDULER_CONFIG, else config.yaml where there is one. */
  readonly file?: string | undefined;
  readonly env: NodeJS.ProcessEnv;
  /** What a command has instead of the schema's own defaults. */
  readonly defaults?: Partial<Pick<Config, "log_level">>;
}

/** The checked configuration, or a UserError with one sentence. */
export function loadConfig({ file, env, defaults }: ConfigSource): Config {
  const named = file ?? (env["SKEDULER_CONFIG"] === "" ? undefined : env["SKEDULER_CONFIG"]);
  const path = named ?? "config.yaml";
  const raw: Section = { ...defaults, ...(given(parseYaml(path, readFile(path, named !== undefined))) as Section) };
  const overrides = fromEnvironment(env);
  for (const { key, value } of overrides) layer(raw, key.path, value);
  const result = configSchema.safeParse(raw);
  if (result.success) return result.data;
  const variables = new Set(overrides.map(({ key }) => key.variable));
  const [first] = result.error.issues;
  throw new UserError(
    first === undefined ? `The configuration ${path} is not correct.` : sentence(first, path, variables),
  );
}
