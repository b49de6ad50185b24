// A sweep: an experiment with a matrix of values becomes one experiment for each combination of them. `{{name}}` in the
// name, the command's words and the environment's values stands for a value. Pure; numbers keep their digits.

import { z } from "zod";
import { join, parse } from "./command.ts";
import { isRawJSON, parseExact, type Written } from "./exact-json.ts";

/** As many experiments as one sweep may make. */
export const largestSweep = 10_000;
/** And so many characters they may have together: each has all of the body that is not its own. */
const largestText = 64 * 1024 * 1024;

const placeholder = /\{\{\s*([A-Za-z_][\w-]*)\s*\}\}/g;

const value = z.union([z.string(), z.number(), z.boolean()], { error: "allowed are strings, numbers and booleans" });

/** POST's `matrix`: lists of values by name. */
export const matrix = z
  .record(
    z.string().regex(/^[A-Za-z_][\w-]*$/, "a name of letters, digits, _ and -, as in {{learning_rate}}"),
    z.array(value, "a list of values").min(1, "at least one value"),
  )
  .refine((lists) => Object.keys(lists).length > 0, { error: "at least one name with a list of values" })
  .refine((lists) => sizeOf(lists) <= largestSweep, { error: `at most ${largestSweep} combinations` });

function sizeOf(lists: Readonly<Record<string, readonly unknown[]>>): number {
  return Object.values(lists).reduce((product, list) => product * list.length, 1);
}

/** What differs between the experiments of a sweep. The two JSON texts hold numbers as they were written. */
export interface SweepMember {
  readonly name: string;
  readonly command: string;
  readonly environment: string;
  readonly combination: string;
}

export interface Sweep {
  readonly matrix: string;
  readonly members: readonly SweepMember[];
}

/** What is wrong with a sweep, and where. */
export class SweepError extends Error {
  readonly path: string;
  constructor(path: string, message: string) {
    super(message);
    this.path = path;
  }
}

const scalar = z.union([z.string(), z.boolean(), z.custom<Written>(isRawJSON)]);
type Scalar = z.output<typeof scalar>;

const sweepBody = z.object({
  name: z.string().trim(),
  docker: z.object({
    command: z.string().default(""),
    environment: z.record(z.string(), z.unknown()).default({}),
  }),
  matrix: z.record(z.string(), z.array(scalar)),
});

/** The experiments of a body that passed the schema, the last name's values changing fastest. Throws SweepError. */
export function expand(body: string): Sweep {
  const parsed = parseExact(body);
  const asked = sweepBody.parse(parsed);
  const { command, environment } = asked.docker;
  const names = Object.keys(asked.matrix);
  check(names, [
    ["name", asked.name],
    ["docker.command", command],
    ...Object.entries(environment).map(([key, text]) => [`docker.environment.${key}`, text] as const),
  ]);
  // Split first: a value is one word, or part of one, whatever is in it.
  const words = parse(command.replace(placeholder, "{{$1}}"));
  const named = asked.name.match(placeholder) !== null;
  const shared = JSON.stringify({ ...(parsed as object), matrix: undefined }).length;
  let room = largestText;
  const spend = (characters: number): void => {
    room -= characters;
    if (room >= 0) return;
    const most = `${largestText / 1024 ** 2} MiB`;
    throw new SweepError(
      "matrix",
      `its experiments have more than ${most} of text together: make several sweeps of it`,
    );
  };
  const members = combinationsOf(asked.matrix).map((combination): SweepMember => {
    const values = [...combination].map(([name, one]) => `${name}=${textOf(one)}`).join(" ");
    spend(shared + values.length);
    const fill = (text: string): string =>
      text.replace(placeholder, (_, name: string) => {
        const one = textOf(combination.get(name) ?? "");
        spend(one.length);
        return one;
      });
    const filled = Object.entries(environment).map(([key, text]) => {
      if (typeof text !== "string") return [key, text];
      const [whole, name = ""] = new RegExp(`^${placeholder.source}$`).exec(text) ?? [];
      return [key, whole === undefined ? fill(text) : combination.get(name)]; // alone it keeps its type
    });
    spend(filled.reduce((sum, [, one]) => sum + zerosOf(one), 0));
    return {
      name: named ? fill(asked.name) : `${asked.name} ${values}`,
      command: join(words.map(fill)),
      environment: JSON.stringify(Object.fromEntries(filled)),
      combination: JSON.stringify(Object.fromEntries(combination)),
    };
  });
  return { matrix: JSON.stringify(asked.matrix), members };
}

function check(names: readonly string[], texts: readonly (readonly [path: string, text: unknown])[]): void {
  const used = new Set<string>();
  for (const [path, text] of texts) {
    for (const [, name = ""] of typeof text === "string" ? text.matchAll(placeholder) : []) {
      if (!names.includes(name))
        throw new SweepError(path, `{{${name}}} is not in the matrix, which has ${names.join(", ")}`);
      if (path !== "name") used.add(name);
    }
  }
  const unused = names.find((name) => !used.has(name));
  if (unused !== undefined)
    throw new SweepError(`matrix.${unused}`, `is used nowhere: write {{${unused}}} in the command or the environment`);
}

function textOf(one: Scalar): string {
  return typeof one === "object" ? one.rawJSON : String(one);
}

/** As many digits as Postgres writes for a number's exponent. */
function zerosOf(one: unknown): number {
  return isRawJSON(one) ? Number(/e[+-]?(\d+)$/i.exec(one.rawJSON)?.[1] ?? 0) : 0;
}

function combinationsOf(lists: Readonly<Record<string, readonly Scalar[]>>): ReadonlyMap<string, Scalar>[] {
  let all = [new Map<string, Scalar>()];
  for (const [name, values] of Object.entries(lists))
    all = all.flatMap((before) => values.map((one) => new Map(before).set(name, one)));
  return all;
}
