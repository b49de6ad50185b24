// skeduler completion: the script that makes a shell complete; __complete is what that script calls.

import type { Command } from "commander";
import { UserError } from "../../errors.ts";
import { complete, scriptFor, shells } from "../completion.ts";
import { usage } from "../exit-codes.ts";
import type { Verb } from "../session.ts";

export const script: Verb["run"] = async ({ out }, [shell = ""]) => {
  const text = scriptFor(shell);
  if (text === undefined)
    throw new UserError(`"${shell}" is no shell that is known here: ${shells.join(", ")}.`, { exitCode: usage });
  await out.write(text);
  return 0;
};

export function proposals(program: Command): Verb["run"] {
  return async ({ out, env }, words) => {
    await out.write((await complete(program, words, env)).map((one) => `${one}\n`).join(""));
    return 0;
  };
}
