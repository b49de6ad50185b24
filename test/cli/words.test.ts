// Where our flags end and the container's command begins; what the shells are proposed; and that docs/cli.md knows every verb.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { Command } from "commander";
import { complete } from "../../runtime/cli/completion.ts";
import { addExperimentFlags, CommandWithWords } from "../../runtime/cli/experiment-flags.ts";
import { addApiCall, addVerbs } from "../../runtime/cli/program.ts";

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
  assert.deepEqual(await proposals("ls", "--status", "RUNNING,"), [
    "RUNNING,CANCELLED",
    "RUNNING,ENQUEUED",
    "RUNNING,FINISHED",
  ]);
  assert.deepEqual(await proposals("ls", "--status=RU"), ["--status=RUNNING"]);
  assert.deepEqual(await proposals("logs", "--stream=stdout,st"), ["--stream=stdout,stderr"]);
  assert.deepEqual(await proposals("notifications", "ls", "-s", "f"), ["failed"]);
  assert.deepEqual(await proposals("context", ""), ["ls", "use"]);
  assert.deepEqual(await proposals("completion", ""), ["bash", "fish", "zsh"]);
  assert.ok((await proposals("")).every((one) => !one.startsWith("_")));
  assert.deepEqual(await proposals("logs", ""), []); // nobody is logged in: nothing, and no complaint
});

test("docs/cli.md has every verb and every alias", () => {
  const program = new Command("skeduler").enablePositionalOptions();
  addVerbs(program);
  addApiCall(program.command("api"), async () => Promise.resolve());
  const verbs = (command: Command, path: readonly string[] = []): { name: string; aliases: string[] }[] =>
    command.commands
      .filter((one) => !one.name().startsWith("_"))
      .flatMap((one) => {
        const words = [...path, one.name()];
        return one.commands.length > 0 ? verbs(one, words) : [{ name: words.join(" "), aliases: one.aliases() }];
      });
  const text = readFileSync(new URL("../../docs/cli.md", import.meta.url), "utf8");
  const written = [...text.replaceAll(/^```[^]*?^```/gm, "").matchAll(/`([^`]+)`/g)].map(([, code = ""]) => code);
  const all = verbs(program);
  assert.ok(all.length > 25);
  const missing = all.flatMap(({ name, aliases }) => [
    ...(written.some((code) => `${code} `.startsWith(`${name} `)) ? [] : [name]),
    ...aliases.filter((alias) => !written.includes(alias)),
  ]);
  assert.deepEqual(missing, []);
});
