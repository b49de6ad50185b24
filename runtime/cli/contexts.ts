// The file of contexts: servers by name with a token each, and which of them is used. Only its user may read it (0600); it
// is replaced whole, so that a reader never sees half of one. A file that is broken is told, never overwritten.

import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { z } from "zod";
import { UserError } from "../errors.ts";

const schema = z.object({
  current: z.string().nullable(),
  contexts: z.record(z.string(), z.object({ host: z.string(), token: z.string() })),
});
export type Contexts = z.infer<typeof schema>;

export type Environment = Readonly<Record<string, string | undefined>>;

export function contextsFile(env: Environment): string {
  const folder = env["XDG_CONFIG_HOME"];
  return join(
    folder !== undefined && folder !== "" ? folder : join(homeOf(env), ".config"),
    "skeduler",
    "contexts.json",
  );
}

export function homeOf(env: Environment): string {
  return env["HOME"] ?? homedir();
}

/** None where there is no file yet. */
export function readContexts(env: Environment): Contexts {
  return readJsonFile(contextsFile(env), schema) ?? { current: null, contexts: {} };
}

/** The file's content, undefined where there is no such file; a UserError where it is something else. */
export function readJsonFile<T>(file: string, as: z.ZodType<T>): T | undefined {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw new UserError(`${file} cannot be read: ${error instanceof Error ? error.message : String(error)}.`, {
      cause: error,
    });
  }
  try {
    return as.parse(JSON.parse(text));
  } catch (cause) {
    throw new UserError(`${file} is not what it should be: mend it or remove it, then \`skeduler login\` again.`, {
      cause,
    });
  }
}

export function writeContexts(env: Environment, contexts: Contexts): void {
  const file = contextsFile(env);
  const draft = `${file}.${process.pid}`;
  try {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    writeFileSync(draft, `${JSON.stringify(contexts, null, 2)}\n`, { mode: 0o600, flag: "wx" });
    renameSync(draft, file);
  } catch (error) {
    rmSync(draft, { force: true });
    throw new UserError(`${file} cannot be written: ${error instanceof Error ? error.message : String(error)}.`, {
      cause: error,
    });
  }
}

/** Keeps a server under a name; it becomes the one in use where `use`, or where none is. */
export function saveContext(
  env: Environment,
  name: string,
  context: { readonly host: string; readonly token: string },
  options: { readonly use: boolean },
): void {
  const { current, contexts } = readContexts(env);
  writeContexts(env, {
    current: options.use || current === null ? name : current,
    contexts: { ...contexts, [name]: context },
  });
}
