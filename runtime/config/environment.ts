// The environment's part of the configuration: SKEDULER_HTTP_LISTEN overrides http.listen, and so on for every key.
// An empty variable counts as not set. Others that start with SKEDULER_ are refused: most are typing errors.
import { UserError } from "../errors.ts";
import { closest } from "./closest.ts";
import { type KeyPath, keyPaths } from "./paths.ts";

const named = (name: string): string => `SKEDULER_${name}`;
// Not keys: where the command line's client goes and which file to read, and what a container of ours is told about itself.
const settable = ["HOST", "TOKEN", "CONTEXT", "CONFIG"].map(named);
const told = ["ID", "NAME", "ATTEMPT", "HOST_NAME", "GPUS", "OUTPUT"].map(named);

function listValue(variable: string, text: string): unknown {
  if (!text.trimStart().startsWith("["))
    return text
      .split(",")
      .map((item) => item.trim())
      .filter((item) => item !== "");
  try {
    return JSON.parse(text);
  } catch {
    throw new UserError(`${variable} starts like a JSON list but is none: write it as ["one", "two"] or as one,two.`);
  }
}

/** What the environment sets, key by key. */
export function fromEnvironment(env: NodeJS.ProcessEnv): { key: KeyPath; value: unknown }[] {
  for (const variable of Object.keys(env)) {
    if (!variable.startsWith("SKEDULER_") || variable.startsWith("SKEDULER_TEST_") || told.includes(variable)) continue;
    const allowed = [...keyPaths.map((key) => key.variable), ...settable];
    if (allowed.includes(variable)) continue;
    const meant = closest(variable, allowed);
    throw new UserError(
      `The environment variable ${variable} means nothing to Skeduler` +
        `${meant === undefined ? "" : ` (did you mean ${meant}?)`}; allowed are ${allowed.join(", ")}.`,
    );
  }
  return keyPaths.flatMap((key) => {
    const text = env[key.variable];
    if (text === undefined || text === "") return [];
    return [{ key, value: key.list ? listValue(key.variable, text) : text }];
  });
}
