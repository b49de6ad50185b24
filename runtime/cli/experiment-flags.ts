// The flags that describe an experiment, the same for enqueue, run and sweep, and how the container's command is told from
// them: it begins with the second word, or behind --, and is taken as it is, whatever looks like a flag in it.

import { Command } from "commander";
import { collect, count, decimal, integer } from "./option-values.ts";

/** A command whose words from the second on are another program's. */
export class CommandWithWords extends Command {
  override parseOptions(words: string[]): { operands: string[]; unknown: string[] } {
    return super.parseOptions(this.#separated(words));
  }

  /** The same words with -- before the second that is neither an option nor an option's value. */
  #separated(words: readonly string[]): string[] {
    let operands = 0;
    for (let at = 0; at < words.length; at += 1) {
      const word = words[at] ?? "";
      if (word === "--") return [...words];
      if (word.startsWith("-") && word.length > 1) {
        const option = this.options.find(({ short, long }) => word === short || word === long);
        if (option?.required === true) at += 1;
        continue;
      }
      operands += 1;
      if (operands === 2) return [...words.slice(0, at), "--", ...words.slice(at)];
    }
    return [...words];
  }
}

export function addExperimentFlags(command: Command): Command {
  const add = (flags: string, description: string, parse?: (text: string) => unknown): void => {
    if (parse === undefined) command.option(flags, description);
    else command.option(flags, description, parse);
  };
  const several = (flags: string, description: string): void => {
    command.option(flags, description, collect);
  };
  command.argument(
    "[image|file]",
    "the image; or a .json, .yaml or .yml file, or - for stdin: flags go over what it says",
  );
  command.argument("[command...]", "what runs in the container; the image's own without one");
  add("--name <name>", "what it is called (default: the last part of the image's name)");
  add("--description <text>", "");
  add("--metadata <json>", "any JSON, kept with it");
  several("-e, --env <name=value>", "an environment variable; NAME alone takes its value from here");
  several("--env-file <file>", "lines of NAME=VALUE");
  several("--secret <name[=secret]>", "a variable that the host fills in from its secrets");
  add("--entrypoint <command>", "instead of the image's");
  add("--workdir <path>", "where the command starts");
  add("--user <user>", "whom it runs as: 1000:1000, nobody");
  several("-v, --volume <host:container[:rw]>", "a folder of the host");
  add("-g, --gpus <count>", "how many GPUs (default: one, where the host has some)", count);
  add("--gpu-model <name>", "GPUs of this model");
  add("--gpu-memory <size>", "GPUs with at least this memory: 40GiB; 80GB for a card that is sold as 80GB");
  add("--cpus <count>", "how many CPUs", decimal);
  add("--memory <size>", "how much memory: 16GiB");
  add("--shm-size <size>", "how large /dev/shm is");
  several("--host <name>", "on one of these hosts: a name, gpu-*, or a label such as rack=a");
  add("-p, --priority <number>", "from -100 to 100; higher goes first", integer);
  add("--time-limit <duration>", "stop it after so long: 12h");
  add("--time-limit-warning <duration[:signal]>", "a signal so long before: 5m:SIGTERM");
  add("--retries <count>", "try again so often where it was not the program's own end", count);
  several("--retry-on <causes>", "for these ends: host_lost, engine, image, exited, oom");
  add("--retry-backoff <duration>", "the first wait before a retry");
  several("--after <ref>", "only when this experiment has finished well");
  several("--notify <target>", "tell this target of the server's of its changes");
  several("--set <path=json>", "any field of the experiment: docker.user=nobody");
  return command;
}
