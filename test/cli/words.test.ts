// Where our flags end and the container's command begins; and what the shells are proposed.

import assert from "node:assert/strict";
import { test } from "node:test";
import { Command } from "commander";
import { complete } from "../../runtime/cli/completion.ts";
import { addExperimentFlags, CommandWithWords } from "../../runtime/cli/experiment-flags.ts";
import { addVerbs } from "../../runtime/cli/program.ts";

function parsed(words: string): { args: string[]; options: Record<string, unknown> } {
  const command = addExperimentFlags(new CommandWithWords("run")).exitOverride();
  command.action(() => undefined).parse(words.split(" "), { from: "user" });
  return { args: command.args, options: command.opts() };
}

test("the command is taken as it is from the second word on", () => {
  const command = ["image", "python", "train.py", "--name", "theirs", "-e", "x"];
  for (const words of [
    "--gpus 2 --name ours image python train.py --name theirs -e x",
    "-g 2 image --name=ours python train.py --name theirs -e x",
    "--name ours image --gpus 2 -- python train.py --name theirs -e x",
  ]) {
    const { args, options } = parsed(words);
    assert.deepEqual(args, command, words);
    assert.deepEqual([options["name"], options["gpus"]], ["ours", 2], words);
  }
  assert.deepEqual(parsed("image -- --help").args, ["image", "--help"]);
  assert.deepEqual(parsed("file.yaml -g 1 sh -c x").args, ["file.yaml", "sh", "-c", "x"]);
  assert.deepEqual(parsed("-e A=1 -e B=2 image").options["env"], ["A=1", "B=2"]);
});

test("completion knows verbs, flags and the values of flags", async () => {
  const program = new Command("skeduler").enablePositionalOptions();
  addVerbs(program);
  const proposals = async (...words: string[]) => complete(program, words, { HOME: "/nowhere" });
  assert.deepEqual(await proposals("lo"), ["login", "logout", "logs"]);
  assert.deepEqual(await proposals("logs", "--t"), ["--tail", "--timestamps"]);
  assert.deepEqual(await proposals("ls", "--status", "R"), ["RUNNING"]);
  assert.deepEqual(await proposals("context", ""), ["ls", "use"]);
  assert.deepEqual(await proposals("completion", ""), ["bash", "fish", "zsh"]);
  assert.ok((await proposals("")).every((one) => !one.startsWith("_")));
  assert.deepEqual(await proposals("logs", ""), []); // nobody is logged in: nothing, and no complaint
});
