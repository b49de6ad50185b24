// From a command line to enqueued experiments: one file or one image, the flags, one POST that can be repeated safely.

import { randomUUID } from "node:crypto";
import { UserError } from "../errors.ts";
import { checked, type Client } from "./client.ts";
import { assign, assignmentsOf, named, type ExperimentFlags } from "./describe-experiment.ts";
import { usage } from "./exit-codes.ts";
import { findId } from "./find.ts";
import { patiently } from "./patience.ts";
import { isFile, readBody, type Body as Written } from "./read-experiment.ts";
import type { Session } from "./session.ts";
import { created } from "./wire.ts";

/** How long a POST is repeated while the server is away, ms. */
const postPatience = 15_000;

export interface Body {
  /** What is sent. Asks the server for the ids of what `--after` names. */
  readonly text: (client: Client) => Promise<string>;
  /** The same for people, who asked that nothing be sent: what `--after` names is as it was given. */
  readonly shown: string;
  readonly kind: "one" | "several" | "sweep";
}

/** The body of the POST that the command line asks for. */
export async function bodyOf(session: Session, words: readonly string[], flags: ExperimentFlags): Promise<Body> {
  const [first, ...command] = words;
  if (first === undefined)
    throw new UserError("Say what to run: an image and its command, or a JSON or YAML file (- is stdin).", {
      exitCode: usage,
    });
  const base: Written = isFile(first) ? await readBody(first) : { value: {} };
  const image = isFile(first) ? undefined : first;
  const assignments = await assignmentsOf(flags, { image, command }, session.env);
  const value = named(assign(base.value, assignments));
  // What nothing was done to is sent as it was written: keys keep their order, whatever they are.
  const asWritten = value === base.value ? base.json : undefined;
  const isSweep = typeof value === "object" && value !== null && "matrix" in value;
  const kind = Array.isArray(value) ? "several" : isSweep ? "sweep" : "one";
  const text = async (client: Client): Promise<string> =>
    asWritten ?? JSON.stringify(value, await withIds(client, flags.after));
  return { text, shown: asWritten ?? JSON.stringify(value, null, 2), kind };
}

/** Puts ids in the place of this list of references. Throws a UserError where one is not there. */
async function withIds(
  client: Client,
  references: readonly string[] = [],
): Promise<(key: string, value: unknown) => unknown> {
  const ids = await Promise.all(references.map(async (reference) => findId(client, reference)));
  return (_, value) => (value === references ? ids : value);
}

export interface Enqueued {
  readonly experiments: readonly { readonly id: string; readonly name: string }[];
  readonly group: string | undefined;
  /** The server's own words. */
  readonly text: string;
}

export async function enqueue({ client }: Session, { text: written }: Body): Promise<Enqueued> {
  const body = await written(client);
  const headers = { "Idempotency-Key": randomUUID() };
  const text = await patiently(postPatience, async () => client.text("POST", "/experiments", { body, headers }));
  const answer = checked(created, text, "/experiments");
  if (Array.isArray(answer)) return { experiments: answer, group: undefined, text };
  if ("group" in answer) return { experiments: answer.experiments, group: answer.group, text };
  return { experiments: [answer], group: undefined, text };
}
