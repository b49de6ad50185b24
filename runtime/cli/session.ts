// What a verb is given: the server, the two outputs, the environment. And how each verb ends: with its exit code, or with a
// sentence on stderr.

import { Interrupted, UserError } from "../errors.ts";
import { Client } from "./client.ts";
import type { Environment } from "./contexts.ts";
import { interrupted } from "./exit-codes.ts";
import { Output } from "./output.ts";
import { findTarget } from "./target.ts";
import { plainLines } from "./text.ts";

export interface Session {
  /** The server in use; throws a UserError where nobody is logged in. */
  readonly client: Client;
  readonly out: Output;
  readonly err: Output;
  readonly env: Environment;
  /** Whether JSON was asked for. */
  readonly json: boolean;
  /** A remark for people, on stderr. */
  readonly say: (sentence: string) => void;
  /** What went wrong, on stderr; without anything that a terminal would obey, for it may quote the server. */
  readonly complain: (sentence: string) => void;
}

export interface Verb {
  /** What a verb answers is the exit code; nothing is 0. */
  readonly run: (session: Session, words: readonly string[], options: Options) => Promise<number | undefined>;
}

/** As commander gives them; each verb knows its own. */
export type Options = Readonly<Record<string, unknown>>;

export function openSession(options: Options, env: Environment): Session {
  const err = new Output(process.stderr, env);
  let client: Client | undefined;
  const say = (sentence: string): void => {
    err.stream.write(`${sentence}\n`);
  };
  return {
    get client() {
      client ??= new Client(findTarget(env, { context: options["context"] as string | undefined }));
      return client;
    },
    out: new Output(process.stdout, env),
    err,
    env,
    json: options["json"] === true,
    say,
    complain: (sentence) => say(`${err.paint("skeduler:", "red")} ${plainLines(sentence)}`),
  };
}

/** Ends with process.exitCode set. */
export async function runVerb(load: () => Promise<Verb>, words: readonly string[], options: Options): Promise<void> {
  const session = openSession(options, process.env);
  try {
    const { run } = await load();
    process.exitCode = (await run(session, words, options)) ?? 0;
  } catch (error) {
    if (error instanceof Interrupted) {
      process.exitCode = interrupted;
      return;
    }
    if (error instanceof UserError) {
      session.complain(error.message);
      process.exitCode = error.exitCode;
      return;
    }
    session.complain(
      `this should not happen, please report it:\n${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
    );
    process.exit(70);
  }
}
