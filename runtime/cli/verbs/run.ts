// skeduler run: enqueues one experiment, shows its log to the end, and ends with its exit code. The first Ctrl-C leaves it
// running and says how to come back; a second one soon after cancels it.

import { setTimeout as sleep } from "node:timers/promises";
import { UserError } from "../../errors.ts";
import { isEnded } from "../../experiment/states.ts";
import type { ExperimentFlags } from "../describe-experiment.ts";
import { bodyOf, enqueue } from "../enqueue.ts";
import { interrupted, usage } from "../exit-codes.ts";
import { shortId } from "../find.ts";
import { follow } from "../follow.ts";
import { patiently } from "../patience.ts";
import { exitCodeOf } from "../result-code.ts";
import type { Options, Session, Verb } from "../session.ts";
import { plain } from "../text.ts";
import { experiment, type Experiment } from "../wire.ts";
import { logQuery, type LogOptions } from "./logs.ts";

/** How long a second Ctrl-C is waited for, ms. */
const secondChance = 3_000;
/** Two that come within this time are one: a terminal's, handed on by a program that started us. */
const sameSignal = 300;
/** How long the server may be away when its last word is asked for, ms. */
const endPatience = 60_000;
const newline = 0x0a;

type RunOptions = Options & ExperimentFlags & LogOptions & { readonly dryRun?: boolean };

export const run: Verb["run"] = async (session, words, options: RunOptions) => {
  const body = await bodyOf(session, words, options);
  if (body.kind !== "one")
    throw new UserError("`run` follows one experiment: enqueue several, or a sweep, with `skeduler enqueue`.", {
      exitCode: usage,
    });
  if (options.dryRun === true) {
    await session.out.write(`${body.shown.trimEnd()}\n`);
    return 0;
  }
  const { experiments } = await enqueue(session, body);
  const [one] = experiments;
  if (one === undefined) throw new Error("a POST made no experiment");
  session.say(session.err.paint(`Enqueued ${plain(one.name)} (${shortId(one.id)})`, "dim"));
  const keys = new Interrupts();
  const query = logQuery(options);
  const start = { attempt: 1, offset: 0 };
  try {
    for (;;) {
      const end = await follow(session, { id: one.id, query, start, signal: keys.signal });
      const found = await patiently(endPatience, async () => read(session, one.id));
      if (isEnded(found.status)) return ended(session, found, end);
    }
  } catch (error) {
    if (!keys.signal.aborted) throw error;
    return await left(session, one, keys);
  } finally {
    keys.close();
  }
};

async function read({ client }: Session, id: string): Promise<Experiment> {
  return client.get(experiment, `/experiments/${id}`);
}

/** The log's last line says how it ended; where there is none, or it is not shown, that is said here. */
function ended({ say, out, err }: Session, found: Experiment, log: Buffer): number {
  const message = found.result?.message.replaceAll(/[\r\n]+/g, " ");
  // Below a last line that was left open.
  const open = out.isTerminal && err.isTerminal && log.length > 0 && log.at(-1) !== newline;
  if (message !== undefined && !log.includes(`[skeduler] ${message}\n`))
    say(`${open ? "\n" : ""}${err.paint(plain(message), "dim")}`);
  return exitCodeOf(found);
}

async function left(session: Session, one: { id: string; name: string }, keys: Interrupts): Promise<number> {
  const { say, client } = session;
  const id = shortId(one.id);
  say(`${plain(one.name)} goes on. \`skeduler logs -f ${id}\` comes back to it; Ctrl-C again, now, cancels it.`);
  if (!(await keys.again(secondChance))) return interrupted;
  await client.text("PUT", `/experiments/${one.id}`, { body: JSON.stringify({ status: "CANCELLED" }) });
  say(`Cancelled ${plain(one.name)}.`);
  return interrupted;
}

class Interrupts {
  readonly #first = new AbortController();
  readonly #second = Promise.withResolvers<boolean>();
  #at: number | undefined;

  constructor() {
    process.on("SIGINT", this.#hear);
  }

  get signal(): AbortSignal {
    return this.#first.signal;
  }

  /** Whether another comes within so many ms. */
  async again(ms: number): Promise<boolean> {
    return Promise.race([this.#second.promise, sleep(ms, false, { ref: true })]);
  }

  close(): void {
    process.off("SIGINT", this.#hear);
  }

  readonly #hear = (): void => {
    const now = performance.now();
    if (this.#at === undefined) {
      this.#at = now;
      this.#first.abort(new Error("left with Ctrl-C"));
    } else if (now - this.#at > sameSignal) this.#second.resolve(true);
  };
}
