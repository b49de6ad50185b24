// What the schema does not see of a new experiment's body, and the database takes from its text: a variable called
// `__proto__`, which zod leaves out of a record, and how a number is written. Postgres writes numbers out: 1e-16000 takes
// 16,000 digits, and a megabyte of such half a gigabyte. Metadata may hold anything: they are stored as they were written.

import { ApiError } from "../errors.ts";
import { isRawJSON, parseExact } from "./exact-json.ts";

/** An exponent of four digits or more; a double has three at most. */
const long = /[eE]-0*[1-9]\d{3}/;

/** Of a body that passed the schema. */
interface Body {
  readonly docker: { readonly environment?: object };
  readonly matrix?: object;
  readonly metadata?: unknown;
}

/** Throws validation (400) naming the first such place of a body that passed the schema; `value` is what `raw` was parsed to. */
export function checkRaw(raw: string, value: unknown): void {
  if (raw.includes("__proto__") || raw.includes("\\u")) checkNames(value); // written out, or by escapes
  if (!long.test(raw)) return;
  for (const [at, body] of bodiesOf(parseExact(raw))) {
    const found = longNumberIn({ ...body, metadata: undefined });
    if (found !== undefined)
      refuse(
        at + found.slice(1),
        "a number with an exponent of more than three digits: write it as a string, or shorter",
      );
  }
}

function checkNames(value: unknown): void {
  for (const [at, { docker, matrix }] of bodiesOf(value)) {
    const hidden = { "docker.environment": docker.environment, matrix };
    for (const [path, record] of Object.entries(hidden))
      if (record !== undefined && Object.hasOwn(record, "__proto__"))
        refuse(`${at}${path}.__proto__`, "this name is not possible");
  }
}

function bodiesOf(value: unknown): [at: string, body: Body][] {
  if (!Array.isArray(value)) return [["", value as Body]];
  return (value as Body[]).map((body, place) => [`${place}.`, body]);
}

/** The path of the first one, a dot before each key. */
function longNumberIn(value: unknown): string | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  if (isRawJSON(value)) return long.test(value.rawJSON) ? "" : undefined;
  for (const [key, one] of Object.entries(value)) {
    const found = longNumberIn(one);
    if (found !== undefined) return `.${key}${found}`;
  }
  return undefined;
}

function refuse(path: string, message: string): never {
  throw new ApiError("validation", `${path}: ${message}.`, { details: [{ path, message }] });
}
