// The user's verbs on the command line: their names, words and options. What a verb does is loaded when it runs, so that
// none pays for the others; docs/cli.md says the same in full.

import type { Command } from "commander";
import { addExperimentFlags, CommandWithWords } from "./experiment-flags.ts";
import { collect, count, deliveryState, integer, some, statusList, streamList } from "./option-values.ts";
import { runVerb, type Options, type Verb } from "./session.ts";

type Load = () => Promise<Verb>;

/** Words are all that is no option, in their order. */
function does(command: Command, load: Load, more: Options = {}): Command {
  return command
    .option("--context <name>", "the server to talk to (`skeduler context ls`)")
    .action(async () => runVerb(load, command.args, { ...command.opts(), ...more }));
}

function withJson(command: Command): Command {
  return command.option("--json", "the server's answer as JSON, one value a line");
}

/** A command that takes an experiment's flags, and words for its container. */
function withWords(program: Command, name: string): Command {
  return addExperimentFlags(new CommandWithWords(name).copyInheritedSettings(program)).showHelpAfterError(
    "(flags for the container's own command go behind --)",
  );
}

export function addVerbs(program: Command): void {
  addExperimentVerbs(program.commandsGroup("Experiments:"));
  addHostVerbs(program.commandsGroup("Hosts:"));
  addNotificationVerbs(program.commandsGroup("Notifications:"));
  addServerVerbs(program.commandsGroup("This program:"));
}

function addExperimentVerbs(program: Command): void {
  const ls = program.command("ls").aliases(["all", "a"]).description("the experiments, oldest first");
  does(
    withJson(ls)
      .option("-s, --status <list>", "ENQUEUED, RUNNING, FINISHED, CANCELLED, joined by commas", statusList)
      .option("--owner <name>", "those of one owner")
      .option("--name <name>", "those of this name")
      .option("--group <ref>", "those of one sweep")
      .option("-n, --limit <count>", "the newest so many", some)
      .option("-q, --quiet", "ids alone")
      .option("-w, --watch", "go on showing them as they change"),
    async () => import("./verbs/ls.ts"),
  );
  const show = program.command("show <ref...>").alias("s").description("all about an experiment");
  does(withJson(show), async () => import("./verbs/show.ts"));

  const enqueue = withWords(program, "enqueue")
    .alias("e")
    .description("put an experiment into the queue, from flags or a JSON or YAML file; its id on stdout")
    .option("--dry-run", "show the JSON that would be sent, and send nothing");
  program.addCommand(does(withJson(enqueue), async () => import("./verbs/enqueue.ts")));

  const run = withWords(program, "run")
    .description("enqueue an experiment, follow its log, end with its exit code")
    .option("--dry-run", "show the JSON that would be sent, and send nothing")
    .option("--timestamps", "the time before each line")
    .option("--stream <list>", "stdout, stderr, skeduler, joined by commas", streamList);
  program.addCommand(does(run, async () => import("./verbs/run.ts")));

  const update = program
    .command("update <ref> [file]")
    .alias("u")
    .description("change an experiment, by flags or by JSON in a file (- is stdin)")
    .option("--name <name>")
    .option("--description <text>")
    .option("--metadata <json>")
    .option("--priority <number>", "from -100 to 100", integer);
  does(withJson(update), async () => import("./verbs/update.ts"));

  const logs = program
    .command("logs <ref>")
    .alias("l")
    .description("an experiment's log")
    .option("-f, --follow", "and what comes, until it has ended")
    .option("--tail <lines>", "the last so many lines", count)
    .option("--since <when>", 'since so long ("10m", "3d"), or since a time')
    .option("--timestamps", "the time before each line")
    .option("--stream <list>", "stdout, stderr, skeduler (our own lines), joined by commas", streamList)
    .option("--attempt <number>", "of that attempt, not of the latest", some);
  does(logs, async () => import("./verbs/logs.ts"));

  const cancel = program
    .command("cancel [ref...]")
    .description("take experiments out of the queue, or stop them")
    .option("--group <ref>", "all of a sweep");
  does(withJson(cancel), async () => ({ run: (await import("./verbs/cancel.ts")).cancel }));
  const retry = program
    .command("retry [ref...]")
    .description("enqueue ended experiments once more")
    .option("--group <ref>", "what failed of a sweep");
  does(withJson(retry), async () => ({ run: (await import("./verbs/cancel.ts")).retry }));
  const wait = program
    .command("wait [ref...]")
    .description("until experiments have ended; ends with the first exit code that is not 0")
    .option("--group <ref>", "for all of a sweep")
    .option("--timeout <duration>", "no longer than so long: 30m");
  does(withJson(wait), async () => import("./verbs/wait.ts"));
  const why = program.command("why <ref>").description("why an experiment waits, and what each host lacks for it");
  does(withJson(why), async () => import("./verbs/why.ts"));
  addSweeps(program);
}

function addSweeps(program: Command): void {
  const sweep = program
    .command("sweep")
    .enablePositionalOptions()
    .description("an experiment of each combination of some values; ls and show count them")
    .addHelpText("after", "\n`skeduler sweep create --help` shows the options; the word create may be left out.");
  const create = withWords(sweep, "create")
    .description("skeduler sweep --param lr=0.1,0.01 IMAGE -- python train.py --lr {{lr}}")
    .option("--param <name=values>", "values of {{name}}, joined by commas, or a JSON list", collect)
    .option("--dry-run", "show the JSON that would be sent, and send nothing");
  sweep.addCommand(
    does(withJson(create), async () => import("./verbs/enqueue.ts"), { sweep: true }),
    {
      isDefault: true,
    },
  );
  const ls = withJson(sweep.command("ls").description("the sweeps, oldest first"));
  does(ls.option("-n, --limit <count>", "the newest so many (100)", some), async () => ({
    run: (await import("./verbs/sweep.ts")).ls,
  }));
  const show = withJson(sweep.command("show <group>").description("one, with its experiments"));
  does(show, async () => ({ run: (await import("./verbs/sweep.ts")).show }));
}

function addHostVerbs(program: Command): void {
  const hosts = program.command("hosts [host...]").description("the hosts, their GPUs and who holds them");
  does(withJson(hosts), async () => import("./verbs/hosts.ts"));
  const top = program.command("top").description("the queue and the GPUs, live on the whole screen; q leaves it");
  does(top, async () => import("./verbs/top.ts"));
  const change = (name: string, state: "cordoned" | "draining" | "active", description: string): Command => {
    const command = withJson(program.command(`${name} <host...>`).description(description));
    return does(command.option("--reason <text>", "shown to others; without it there is none any more"), async () => ({
      run: (await import("./verbs/change-host.ts")).changeHost(state),
    }));
  };
  change("cordon", "cordoned", "nothing new is placed there");
  change("drain", "draining", "the same, and it is meant to become empty").option("--wait", "until it is empty");
  change("activate", "active", "ends both");
}

function addNotificationVerbs(program: Command): void {
  const verbs = async () => import("./verbs/notifications.ts");
  const notifications = program.command("notifications").description("who was told of which change");
  const ls = withJson(notifications.command("ls", { isDefault: true }).description("list them, the newest first"))
    .option("-s, --state <state>", "waiting, sent, or failed: those that were given up", deliveryState)
    .option("--target <name>", "those of one target")
    .option("--experiment <ref>", "those of one experiment")
    .option("-n, --limit <count>", "the newest so many (50)", some);
  does(ls, async () => ({ run: (await verbs()).ls }));
  const resend = withJson(notifications.command("resend [id...]").description("send what was given up again"))
    .option("--target <name>", "all of one target")
    .option("--all", "all of them");
  does(resend, async () => ({ run: (await verbs()).resend }));
  const telegram = program.command("telegram").description("the server's Telegram bot");
  const link = withJson(telegram.command("link").description("a one-time code that links a chat to you"));
  does(link, async () => ({ run: (await verbs()).linkTelegram }));
}

/** `skeduler api` is the server; `skeduler api PATH` is a call of one. */
export function addApiCall(api: Command, serve: (options: Options) => Promise<void>): void {
  api
    .argument("[path]", "a path, such as /experiments?limit=1, to call on the server that you are logged in to")
    .option("-X, --method <method>", "GET, or POST where a body is given")
    .option("-d, --data <json>", "the body; @FILE takes it from a file, @- from stdin")
    .option("-H, --header <line>", "a header of the request", collect)
    .option("-i, --include", "the answer's status and headers, too")
    .option("--context <name>", "the server to talk to (`skeduler context ls`)")
    .action(async (path: string | undefined) =>
      path === undefined ? serve(api.opts()) : runVerb(async () => import("./verbs/api.ts"), [path], api.opts()),
    );
}

function addServerVerbs(program: Command): void {
  const login = program
    .command("login [address]")
    .description("keep a server's address and token; the token is asked for, or read from stdin")
    .option("--name <name>", "the context to keep it under (default: the server's name)");
  login.action(async () => runVerb(async () => import("./verbs/login.ts"), login.args, login.opts()));
  const logout = program.command("logout [context]").description("forget a context, the one in use without a name");
  logout.action(async () => runVerb(contextVerb("logout"), logout.args, {}));
  const context = program.command("context").description("the servers that are known, and which is in use");
  const ls = withJson(context.command("ls").description("list them; * is in use"));
  ls.action(async () => runVerb(contextVerb("ls"), [], ls.opts()));
  const use = context.command("use <context>").description("use another");
  use.action(async () => runVerb(contextVerb("use"), use.args, {}));
  const completion = program
    .command("completion <shell>")
    .description("the script that makes bash, zsh or fish complete");
  completion.action(async () =>
    runVerb(async () => ({ run: (await import("./verbs/completion.ts")).script }), completion.args, {}),
  );
  const complete = program.command("__complete [words...]", { hidden: true }).passThroughOptions().allowUnknownOption();
  complete.action(async (words: readonly string[]) =>
    runVerb(async () => ({ run: (await import("./verbs/completion.ts")).proposals(program) }), words, {}),
  );
}

function contextVerb(name: "ls" | "use" | "logout"): Load {
  return async () => ({ run: (await import("./verbs/context.ts"))[name] });
}
