// An experiment, several or a sweep in a file: JSON as it is, or YAML, of which several documents are several experiments. Numbers
// of either keep their digits.

import { UserError } from "../errors.ts";
import { exactNumber, parseExact } from "../experiment/exact-json.ts";
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
  return { value: await fromYaml(text, shown) };
}

async function fromYaml(text: string, shown: string): Promise<unknown> {
  const { LineCounter, parseAllDocuments, visit } = await import("yaml");
  const lines = new LineCounter();
  const documents = [...parseAllDocuments(text, { intAsBigInt: true, lineCounter: lines })];
  const [fault] = documents.flatMap((document) => document.errors);
  if (fault !== undefined) throw new UserError(`${shown} is not YAML: ${fault.message.split("\n")[0] ?? ""}`);
  for (const document of documents)
    visit(document, {
      Scalar(key, node) {
        const { value, source = String(value), range } = node;
        if (typeof value !== "number" && typeof value !== "bigint") return;
        if (typeof value === "number" && !Number.isFinite(value)) {
          const { line, col } = lines.linePos(range?.[0] ?? 0);
          throw new UserError(`${shown}: ${source} at line ${line}, column ${col} is no number that can be sent.`);
        }
        node.value = key === "key" ? source : exactNumber(value, source);
      },
    });
  const bodies = documents.map((document): unknown => document.toJS()).filter((body) => body !== null);
  return bodies.length === 1 ? bodies[0] : bodies;
}
