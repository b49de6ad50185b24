// What could stand at the cursor, for the shells: verbs, flags and their values from the program itself, experiments, sweeps and
// hosts from the server. Anything that goes wrong means no proposals, never a message in the middle of typing.

import type { Command } from "commander";
import { z } from "zod";
import { statuses } from "../experiment/states.ts";
import { Client } from "./client.ts";
import { readContexts, type Environment } from "./contexts.ts";
import { shortId } from "./find.ts";
import { findTarget } from "./target.ts";

/** How long the user waits for the server, ms. */
const patience = 2_000;
/** So many of the newest are proposed. */
const newest = 200;

const scripts: Readonly<Record<string, string>> = {
  bash: `_skeduler() {
  local IFS=$'\\n'
  COMPREPLY=($("\${COMP_WORDS[0]}" __complete "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null))
}
complete -o default -F _skeduler skeduler
`,
  zsh: `#compdef skeduler
_skeduler() {
  local -a found
  found=("\${(@f)$("\${words[1]}" __complete "\${(@)words[2,$CURRENT]}" 2>/dev/null)}")
  compadd -a found || _files
}
compdef _skeduler skeduler
`,
  fish: `function _skeduler
  set -l words (commandline -opc)
  $words[1] __complete $words[2..-1] (commandline -ct) 2>/dev/null
end
complete -c skeduler -a '(_skeduler)'
`,
};
export const shells = Object.keys(scripts);

export function scriptFor(shell: string): string | undefined {
  return scripts[shell];
}

/** Proposals for the last of the words. */
export async function complete(program: Command, words: readonly string[], env: Environment): Promise<string[]> {
  const current = words.at(-1) ?? "";
  const { command, operands, option } = walk(program, words.slice(0, -1));
  const context = words[words.indexOf("--context") + 1];
  const found = async (kind: string): Promise<string[]> =>
    valuesOf(kind, { env, context: words.includes("--context") ? context : undefined });
  let proposed: string[];
  if (option !== undefined) proposed = await found(option);
  else if (current.startsWith("-"))
    proposed = command.options.filter((one) => !one.hidden).flatMap(({ long }) => long ?? []);
  else if (command.commands.length > 0 && operands === 0) proposed = namesOf(command);
  else {
    const all = command.registeredArguments;
    const argument = all[operands] ?? (all.at(-1)?.variadic === true ? all.at(-1) : undefined);
    proposed = argument === undefined ? [] : await found(argument.name());
  }
  return [...new Set(proposed)].filter((one) => one.startsWith(current)).sort();
}

/** Where the words before the cursor lead: a command, how many operands it has, and the option whose value is next. */
function walk(program: Command, words: readonly string[]): { command: Command; operands: number; option?: string } {
  let command = program;
  let operands = 0;
  for (let at = 0; at < words.length; at += 1) {
    const word = words[at] ?? "";
    if (word === "--") return { command, operands: operands + words.length - at };
    if (word.startsWith("-") && word.length > 1) {
      const option = command.options.find(({ short, long }) => word === short || word === long);
      if (option?.required !== true) continue;
      at += 1;
      if (at >= words.length) return { command, operands, option: option.name() };
      continue;
    }
    const next =
      operands === 0 ? command.commands.find((one) => [one.name(), ...one.aliases()].includes(word)) : undefined;
    if (next === undefined) operands += 1;
    else command = next;
  }
  return { command, operands };
}

function namesOf({ commands }: Command): string[] {
  return commands.filter((one) => !one.name().startsWith("_")).flatMap((one) => [one.name(), ...one.aliases()]);
}

const named = z.array(z.object({ id: z.string(), name: z.string() }));
const hosts = z.array(z.object({ name: z.string() }));

/** What an option's value, or an operand, of this name may be. */
async function valuesOf(
  kind: string,
  { env, context }: { readonly env: Environment; readonly context: string | undefined },
): Promise<string[]> {
  try {
    const ask = async <T>(schema: z.ZodType<T>, path: string): Promise<T> =>
      new Client(findTarget(env, { context })).get(schema, path, { signal: AbortSignal.timeout(patience) });
    switch (kind) {
      case "ref":
      case "after":
        return words(await ask(named, `/experiments?order=desc&limit=${newest}`));
      case "group":
        return words(await ask(named, `/groups?limit=${newest}`));
      case "host":
        return (await ask(hosts, "/hosts")).map(({ name }) => name);
      case "context":
        return Object.keys(readContexts(env).contexts);
      case "status":
        return [...statuses];
      case "stream":
        return ["stdout", "stderr", "skeduler"];
      case "shell":
        return shells;
      default:
        return [];
    }
  } catch {
    return [];
  }
}

/** Ids, and the names that are one word for a shell. */
function words(all: z.infer<typeof named>): string[] {
  return all.flatMap(({ id, name }) => (/^[\w./:@+-]+$/.test(name) ? [shortId(id), name] : [shortId(id)]));
}
