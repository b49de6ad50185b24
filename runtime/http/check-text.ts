// What JSON allows but Postgres cannot keep: NUL and lone surrogates in a text, and nesting that would exhaust its stack.
import { ApiError } from "../errors.ts";

/** Deeper than any metadata that was meant; far below what Postgres's default stack takes. */
const deepest = 500;

function textFault(text: string): string | undefined {
  if (text.includes("\0")) return "holds the character NUL (\\u0000), which cannot be stored";
  return text.isWellFormed() ? undefined : "holds half a character (a lone surrogate), which cannot be stored";
}

interface Place {
  readonly value: unknown;
  readonly depth: number;
  readonly key?: string;
  readonly above?: Place;
}

function pathOf({ key, above }: Place): string {
  if (key === undefined || above === undefined) return "";
  const before = pathOf(above);
  return before === "" ? key : `${before}.${key}`;
}

/** It is nested in more than so many levels. */
function isDeeper(value: unknown, levels: number): boolean {
  if (typeof value !== "object" || value === null) return false;
  if (levels === 0) return true;
  for (const item of Object.values(value)) if (isDeeper(item, levels - 1)) return true;
  return false;
}

/** Throws validation (400) naming the first such place. `raw` is the JSON that `root` was parsed from. */
export function checkText(root: unknown, raw: string): void {
  // What is refused needs an escape, or depth, and that needs room: a level takes two characters.
  if (!raw.includes("\\u") && (raw.length < 2 * deepest || !isDeeper(root, deepest))) return;
  // A stack of our own: recursion would overflow on what this refuses.
  const open: Place[] = [{ value: root, depth: 0 }];
  const refuse = (path: string, message: string): never => {
    const where = path === "" ? "The body" : path;
    throw new ApiError("validation", `${where} ${message}.`, { details: [{ path, message }] });
  };
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const { value, depth } = next;
    if (typeof value === "string") {
      const message = textFault(value);
      if (message !== undefined) refuse(pathOf(next), message);
    } else if (typeof value === "object" && value !== null) {
      if (depth >= deepest) refuse("", `is nested more than ${deepest} levels deep`);
      for (const [key, item] of Object.entries(value)) {
        const message = textFault(key);
        if (message !== undefined) refuse(pathOf(next), `has a key that ${message}`);
        if (typeof item === "string" || typeof item === "object")
          open.push({ value: item, key, above: next, depth: depth + 1 });
      }
    }
  }
}
