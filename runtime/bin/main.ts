// The command line's top: the operator's commands and their options; the user's verbs are runtime/cli's. Each command's code is
// loaded only when it runs. Exit codes: 0, 1 for a sentence of ours, 2 for a command line that is wrong, 70 for a defect.
import { Command, CommanderError } from "commander";
import { endWithReader } from "../cli/output.ts";
import { addApiCall, addVerbs } from "../cli/program.ts";
import { runCommand } from "./run-command.ts";
import { versionOf } from "../version.ts";

const program = new Command("skeduler")
  .description("Queues experiments and runs them in Docker containers on free GPUs.")
  .helpCommand(true)
  .enablePositionalOptions()
  .showHelpAfterError("(`skeduler --help` lists the commands)")
  .addHelpText(
    "after",
    `
docs/cli.md has it all. \`skeduler COMMAND --help\` shows a command's options.

The configuration of a server is --config FILE, else SKEDULER_CONFIG, else ./config.yaml where there is one; config.yaml.example shows every
key. Each key can be overridden from the environment: http.listen by SKEDULER_HTTP_LISTEN, tokens by SKEDULER_TOKENS=one,two.`,
  )
  .exitOverride();

function command(parent: Command, name: string, description: string): Command {
  return parent.command(name).description(description).option("-c, --config <file>", "the configuration to use");
}

// A path that is not a literal: the type checker need not know every command here.
type Module = Parameters<typeof runCommand>[0];
const from =
  (name: string): Module =>
  async () =>
    (await import(`./commands/${name}.ts`)) as Awaited<ReturnType<Module>>;
const running = (name: string) => async (options: unknown) => runCommand(from(name), options);

addVerbs(program);
program.commandsGroup("Servers:");
command(program, "up", "everything on this machine: a Postgres of its own (unless one is configured), API, runner")
  .option("--sample", "enqueue a sample experiment and show its log")
  .option("--no-provision", "do not install, start or stop a Docker Engine")
  .option("-y, --yes", "do not ask")
  .action(running("up"));
const api = command(program, "api", "the HTTP API and the placement of experiments; with a path: one call of the API");
addApiCall(api, running("api"));
command(program, "runner", "runs experiments on this host; one per host").action(running("runner"));
command(program, "migrate", "bring the database up to date; safe from several places at once")
  .option("-y, --yes", "do not ask before adopting a database that has waiting experiments")
  .action(running("migrate"));
const config = program.command("config").description("about the configuration of a server");
command(config, "check", "say whether the configuration is correct, and what counts").action(running("config-check"));
command(program, "version", "print the version").action(running("version"));
program.version(versionOf(), "-V, --version", "print the version");

endWithReader(process.stdout); // help and versions go there without more ado
try {
  await program.parseAsync();
} catch (error) {
  if (!(error instanceof CommanderError)) throw error;
  process.exitCode = error.exitCode === 0 ? 0 : 2;
}
