// What could stand at the cursor, for the shells: verbs, flags and their values from the program itself, experiments, sweeps and
// hosts from the server. Anything that goes wrong means no proposals, never a message in the middle of typing.

import type { Command } from "commander";
import { z } from "zod";
import { statuses } from "../experiment/states.ts";
import { Client, type Ask } from "./client.ts";
import { readContexts, type Environment } from "./contexts.ts";
import { isBeginning, shortId } from "./find.ts";
import { deliveryStates, streams } from "./option-values.ts";
import { findTarget } from "./target.ts";

/** How long the user waits for the server, ms. */
const patience = 2_000;
/** So many of the newest are proposed; of older ones those whose id begins so, and the one of this very name. */
const newest = 200;

const scripts: Readonly<Record<string, string>> = {
  // bash splits words at : and = too, and puts what is proposed in the place of the last piece alone: what has no blank before it
  // is joined to the word before it, and of the proposals what stands before that piece is taken away.
  bash: `_skeduler() {
  local IFS=$'\\n' line=\${COMP_LINE:0:COMP_POINT} breaks=\${COMP_WORDBREAKS//[^:=@]/} before= word
  local -a words=()
  for word in "\${COMP_WORDS[@]:0:COMP_CWORD+1}"; do
    if [[ -z $COMP_LINE || \${#words[@]} -eq 0 || $line == [[:space:]]* ]]; then words+=("$word")
    else words[\${#words[@]}-1]+=$word
    fi
    line=\${line#"\${line%%[![:space:]]*}"}
    line=\${line#"$word"}
  done
  word=\${words[\${#words[@]}-1]}
  [[ -n $breaks ]] && before=\${word%"\${word##*[$breaks]}"}
  COMPREPLY=($("\${words[0]}" __complete "\${words[@]:1}" 2>/dev/null))
  COMPREPLY=("\${COMPREPLY[@]#"$before"}")
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

/** Options whose value may be several, joined by commas. */
const lists: readonly string[] = ["status", "stream"];

/** Proposals for the last of the words. */
export async function complete(program: Command, words: readonly string[], env: Environment): Promise<string[]> {
  const current = words.at(-1) ?? "";
  const { command, operands, option } = walk(program, words.slice(0, -1));
  const context = words.includes("--context") ? words[words.indexOf("--context") + 1] : undefined;
  const [, long, value = ""] = /^(--[^=]+)=(.*)$/s.exec(current) ?? [];
  const named = option ?? command.options.find((one) => one.long === long)?.name();
  if (named !== undefined) {
    const typed = option === undefined ? value : current;
    const part = lists.includes(named) ? typed.slice(typed.lastIndexOf(",") + 1) : typed;
    const before = current.slice(0, current.length - part.length);
    const there = typed.toUpperCase().split(",").slice(0, -1);
    const proposed = (await valuesOf(named, part, { env, context })).filter(
      (one) => !there.includes(one.toUpperCase()),
    );
    return fitting(proposed, part).map((one) => before + one);
  }
  if (current.startsWith("-"))
    return fitting(
      command.options.filter((one) => !one.hidden).flatMap((one) => one.long ?? []),
      current,
    );
  if (command.commands.length > 0 && operands === 0) return fitting(namesOf(command), current);
  const all = command.registeredArguments;
  const argument = all[operands] ?? (all.at(-1)?.variadic === true ? all.at(-1) : undefined);
  return argument === undefined ? [] : fitting(await valuesOf(argument.name(), current, { env, context }), current);
}

function fitting(proposed: readonly string[], begun: string): string[] {
  return [...new Set(proposed)].filter((one) => one.startsWith(begun)).sort();
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

/** What an option's value, or an operand, of this name may be, of which so much is typed. */
async function valuesOf(
  kind: string,
  typed: string,
  { env, context }: { readonly env: Environment; readonly context: string | undefined },
): Promise<string[]> {
  try {
    const ask = async <T>(schema: z.ZodType<T>, path: string, query: Ask["query"] = {}): Promise<T> =>
      new Client(findTarget(env, { context })).get(schema, path, { query, signal: AbortSignal.timeout(patience) });
    const references = async (path: string, order: Ask["query"]): Promise<string[]> => {
      const queries = [
        { limit: newest, ...order },
        ...(isBeginning(typed) ? [{ id_prefix: typed, limit: newest }] : []),
        ...(typed === "" ? [] : [{ name: typed, limit: 1 }]),
      ];
      const found = await Promise.all(queries.map(async (query) => ask(named, path, query)));
      return found.flat().flatMap((one) => words(one, typed));
    };
    switch (kind) {
      case "ref":
      case "after":
      case "experiment":
        return await references("/experiments", { order: "desc" });
      case "group":
        return await references("/groups", {});
      case "host":
        return (await ask(hosts, "/hosts")).map(({ name }) => name);
      case "context":
        return Object.keys(readContexts(env).contexts);
      case "status":
        return [...statuses];
      case "state":
        return [...deliveryStates];
      case "stream":
        return [...streams];
      case "shell":
        return shells;
      default:
        return [];
    }
  } catch {
    return [];
  }
}

/** The id, as short as it is usual unless more of it is typed, and the name where that is one word for a shell. */
function words({ id, name }: z.infer<typeof named>[number], typed: string): string[] {
  const shown = typed.length > shortId(id).length ? id : shortId(id);
  return /^[\w./:@+=-]+$/.test(name) ? [shown, name] : [shown];
}
