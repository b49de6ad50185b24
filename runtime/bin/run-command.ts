// Runs one command from its first line to its exit code: signals become an abort, our sentences go to stderr without a stack.
// Exit codes: what UserError says (1), 70 for a defect, 130 and 143 when a second signal ends it at once, 130 for Ctrl-C at a question.
import { plainLines } from "../cli/text.ts";
import { Interrupted, UserError } from "../errors.ts";
import type { Log } from "../log.ts";

/** Why a command was asked to stop. */
export class StopSignal extends Error {
  readonly signal: NodeJS.Signals;
  constructor(signal: NodeJS.Signals) {
    super(`stopped by ${signal}`);
    this.name = "StopSignal";
    this.signal = signal;
  }
}

export interface CommandContext {
  /** Aborted by the first SIGTERM or SIGINT, with a StopSignal. */
  readonly signal: AbortSignal;
  readonly log: Log;
}

export type Command<Options> = (options: Options, context: CommandContext) => Promise<void>;

// Ctrl-C reaches us from the terminal and again from npm or bin/skeduler.js, which pass it on: within this time they are one.
const sameSignalMs = 500;

function abortOnSignals(controller: AbortController): void {
  let first: number | undefined;
  const onSignal = (signal: "SIGINT" | "SIGTERM") => {
    const now = performance.now();
    if (first === undefined) {
      first = now;
      controller.abort(new StopSignal(signal));
    } else if (now - first > sameSignalMs) {
      process.exit(signal === "SIGINT" ? 130 : 143);
    }
  };
  process.on("SIGINT", () => onSignal("SIGINT"));
  process.on("SIGTERM", () => onSignal("SIGTERM"));
}

/** Without anything that a terminal would obey: a sentence may quote what others wrote. */
function say(sentence: string): void {
  process.stderr.write(`skeduler: ${plainLines(sentence)}\n`);
}

function tell(error: unknown): number {
  if (error instanceof Interrupted) return 130;
  if (error instanceof UserError) {
    say(error.message);
    return error.exitCode;
  }
  say(
    `this should not happen, please report it:\n${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
  );
  return 70;
}

/** Ends with process.exitCode set; the process ends when nothing is left open. */
export async function runCommand<Options>(
  load: () => Promise<{ run: Command<Options> }>,
  options: Options,
): Promise<void> {
  const controller = new AbortController();
  abortOnSignals(controller);
  try {
    const [{ run }, { createLog }] = await Promise.all([load(), import("../log.ts")]);
    await run(options, { signal: controller.signal, log: createLog() });
  } catch (error) {
    // Stopped as asked: no error, whoever threw it.
    process.exitCode = error instanceof StopSignal ? 0 : tell(error);
    if (process.exitCode === 70) process.exit(70);
  }
}
