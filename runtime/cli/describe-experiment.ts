// Flags, words and a file → the body of POST /experiments. What flags say goes over what the file says. The server judges
// it: here is only what a shell's words cannot be without (numbers, KEY=VALUE).

import { UserError } from "../errors.ts";
import type { Environment } from "./contexts.ts";
import { parseExact } from "../experiment/exact-json.ts";
import { usage } from "./exit-codes.ts";
import { readText } from "./read-text.ts";

export interface ExperimentFlags {
  readonly name?: string;
  readonly description?: string;
  readonly metadata?: string;
  readonly env?: readonly string[];
  readonly envFile?: readonly string[];
  readonly secret?: readonly string[];
  readonly entrypoint?: string;
  readonly workdir?: string;
  readonly user?: string;
  readonly volume?: readonly string[];
  readonly gpus?: number;
  readonly gpuModel?: string;
  readonly gpuMemory?: string;
  readonly cpus?: number;
  readonly memory?: string;
  readonly shmSize?: string;
  readonly host?: readonly string[];
  readonly priority?: number;
  readonly timeLimit?: string;
  readonly timeLimitWarning?: string;
  readonly retries?: number;
  readonly retryOn?: readonly string[];
  readonly retryBackoff?: string;
  readonly after?: readonly string[];
  readonly param?: readonly string[];
  readonly notify?: readonly string[];
  readonly set?: readonly string[];
}

/** A field and what it is set to; undefined: the flag was not given. */
type Assignment = readonly [path: readonly string[], value: unknown];

/** What an image and a command make of an experiment, and each flag. */
export async function assignmentsOf(
  flags: ExperimentFlags,
  words: { readonly image?: string | undefined; readonly command: readonly string[] },
  env: Environment,
): Promise<Assignment[]> {
  const resources = (name: string, value: unknown): Assignment => [["resources", name], value];
  const docker = (name: string, value: unknown): Assignment => [["docker", name], value];
  const command = words.command.length === 0 ? undefined : (await import("shlex")).join([...words.command]);
  const all: Assignment[] = [
    [["name"], flags.name],
    [["description"], flags.description],
    docker("image", words.image),
    docker("command", command),
    docker("entrypoint", flags.entrypoint),
    docker("workdir", flags.workdir),
    docker("user", flags.user),
    docker("volumes", flags.volume),
    ...(await environmentOf(flags, env)).map(([key, value]): Assignment => [["docker", "environment", key], value]),
    resources("gpus", flags.gpus),
    resources("gpu_model", flags.gpuModel),
    resources("gpu_memory", flags.gpuMemory),
    resources("cpus", flags.cpus),
    resources("memory", flags.memory),
    resources("shm_size", flags.shmSize),
    resources("host", flags.host),
    [["priority"], flags.priority],
    [["time_limit"], flags.timeLimit],
    [["time_limit_warning"], warningOf(flags.timeLimitWarning)],
    [["retries"], retriesOf(flags)],
    [["after"], flags.after],
    [["notify"], flags.notify],
    [["metadata"], flags.metadata === undefined ? undefined : meantOf("--metadata", flags.metadata)],
    ...paramsOf(flags.param ?? []),
    ...(flags.set ?? []).map((text): Assignment => {
      const [path, value] = pairOf("--set", text);
      return [path.split("."), valueOf(value)];
    }),
  ];
  return all.filter(([, value]) => value !== undefined);
}

/** The experiment, or each of several, with the assignments made. A value that is in the way of a path is replaced. */
export function assign(body: unknown, assignments: readonly Assignment[]): unknown {
  if (assignments.length === 0) return body;
  if (Array.isArray(body)) return body.map((one) => assign(one, assignments));
  return assignments.reduce((made, [path, value]) => withValue(made, path, value), body);
}

function withValue(body: unknown, [name, ...rest]: readonly string[], value: unknown): unknown {
  if (name === undefined) return value;
  const before =
    typeof body === "object" && body !== null && !Array.isArray(body) ? (body as Record<string, unknown>) : {};
  return { ...before, [name]: withValue(before[name], rest, value) };
}

/** Gives what has no name one: its image's, without registry and tag. */
export function named(body: unknown): unknown {
  if (Array.isArray(body)) {
    const all = body.map(named);
    return all.some((one, index) => one !== body[index]) ? all : body;
  }
  const { name, docker } = (body ?? {}) as { name?: unknown; docker?: { image?: unknown } };
  const image = docker?.image;
  if (name !== undefined || typeof image !== "string") return body;
  return { ...(body as object), name: /([^/:@]+)(?:[:@][^/]*)?$/.exec(image)?.[1] ?? image };
}

async function environmentOf(
  { env: given = [], envFile = [], secret = [] }: ExperimentFlags,
  env: Environment,
): Promise<[string, unknown][]> {
  const texts = await Promise.all(envFile.map(readText));
  const lines = texts.flatMap((text) => text.split("\n").map((line) => line.trim()));
  const written = [...lines.filter((line) => line !== "" && !line.startsWith("#")), ...given];
  return [
    ...written.map((text): [string, unknown] => {
      if (text.includes("=")) return pairOf("--env", text);
      const value = env[text];
      if (value === undefined) throw wrong(`--env ${text}: this variable is not set here; write ${text}=VALUE.`);
      return [text, value];
    }),
    ...secret.map((text): [string, unknown] => {
      const [name, from] = text.includes("=") ? pairOf("--secret", text) : [text, text];
      return [name, { secret: from }];
    }),
  ];
}

function retriesOf({ retries, retryOn, retryBackoff }: ExperimentFlags): unknown {
  if (retryOn === undefined && retryBackoff === undefined) return retries;
  if (retries === undefined) throw wrong("--retry-on and --retry-backoff need --retries N.");
  return {
    count: retries,
    ...(retryOn && { on: retryOn.flatMap((text) => text.split(",")) }),
    ...(retryBackoff !== undefined && { backoff: retryBackoff }),
  };
}

/** "5m", or "5m:SIGTERM". */
function warningOf(text: string | undefined): unknown {
  const [before, signal] = text?.split(":") ?? [];
  return signal === undefined ? before : { before, signal };
}

/** "lr=0.1,0.01,cosine" or "lr=[0.1, 0.01]" each. */
function paramsOf(texts: readonly string[]): Assignment[] {
  const pairs = texts.map((text) => pairOf("--param", text));
  for (const [at, [name, values]] of pairs.entries()) {
    const [, before] = pairs.slice(0, at).find(([one]) => one === name) ?? [];
    if (before !== undefined)
      throw wrong(
        `--param ${name} is given twice: give all its values at once, as in --param ${name}=${before},${values}.`,
      );
  }
  return pairs.map(([name, values]) => [
    ["matrix", name],
    values.startsWith("[") ? meantOf(`--param ${name}`, values) : values.split(",").map(valueOf),
  ]);
}

/** As valueOf, but what was meant to be JSON is not taken for a text. */
function meantOf(what: string, text: string): unknown {
  if (!/^\s*[{["]/.test(text)) return valueOf(text);
  try {
    return parseExact(text);
  } catch (error) {
    throw wrong(`${what} begins like JSON and is not: ${(error as Error).message}.`);
  }
}

/** JSON where it is that, else the text itself. */
function valueOf(text: string): unknown {
  try {
    return parseExact(text);
  } catch {
    return text;
  }
}

function pairOf(flag: string, text: string): [string, string] {
  const at = text.indexOf("=");
  if (at <= 0) throw wrong(`${flag} ${text}: it is written NAME=VALUE.`);
  return [text.slice(0, at), text.slice(at + 1)];
}

function wrong(sentence: string): UserError {
  return new UserError(sentence, { exitCode: usage });
}
