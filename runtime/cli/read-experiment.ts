// An experiment, several or a sweep in a file: JSON as it is, or YAML, of which several documents are several experiments.

import { UserError } from "../errors.ts";
import { exactInteger, parseExact } from "../experiment/exact-json.ts";
import { readText } from "./read-text.ts";

/** Whether a word names a file rather than an image. */
export function isFile(word: string): boolean {
  return word === "-" || /\.(json|ya?ml)$/i.test(word);
}

export interface Body {
  /** Numbers are as they were written. */
  readonly value: unknown;
  /** The text, where it is JSON. */
  readonly json?: string;
}

/** Throws a UserError with the place of a fault. */
export async function readBody(file: string): Promise<Body> {
  const text = await readText(file);
  const shown = file === "-" ? "stdin" : file;
  if (text.trim() === "") throw new UserError(`${shown} is empty.`);
  try {
    return { value: parseExact(text), json: text };
  } catch (error) {
    if (/^\s*[[{]/.test(text) && !file.toLowerCase().endsWith("ml"))
      throw new UserError(`${shown} is not JSON: ${(error as Error).message}.`, { cause: error });
  }
  const { parseAllDocuments } = await import("yaml");
  const documents = [...parseAllDocuments(text, { intAsBigInt: true })];
  const [fault] = documents.flatMap((document) => document.errors);
  if (fault !== undefined) throw new UserError(`${shown} is not YAML: ${fault.message.split("\n")[0] ?? ""}`);
  const bodies = documents.map((document) => withIntegers(document.toJS())).filter((body) => body !== null);
  return { value: bodies.length === 1 ? bodies[0] : bodies };
}

function withIntegers(value: unknown): unknown {
  if (typeof value === "bigint") return exactInteger(value);
  if (Array.isArray(value)) return value.map(withIntegers);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, withIntegers(one)]));
}
