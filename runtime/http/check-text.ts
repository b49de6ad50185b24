// What JSON allows but Postgres cannot keep: NUL and lone surrogates in a text, and nesting that would exhaust its stack.
import { ApiError, type Detail } from "../errors.ts";

/** Deeper than any metadata that was meant; far below what Postgres's default stack takes. */
const deepest = 500;

function textFault(text: string): string | undefined {
  if (text.includes("\0")) return "holds the character NUL (\\u0000), which cannot be stored";
  return text.isWellFormed() ? undefined : "holds half a character (a lone surrogate), which cannot be stored";
}

/** Throws validation (400) naming the first such place. */
export function checkText(root: unknown): void {
  // A stack of our own: recursion would overflow on what this refuses.
  const open: { value: unknown; path: string; depth: number }[] = [{ value: root, path: "", depth: 0 }];
  const refuse = (detail: Detail): never => {
    const where = detail.path === "" ? "The body" : detail.path;
    throw new ApiError("validation", `${where} ${detail.message}.`, { details: [detail] });
  };
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const { value, path, depth } = next;
    if (typeof value === "string") {
      const message = textFault(value);
      if (message !== undefined) refuse({ path, message });
    } else if (typeof value === "object" && value !== null) {
      if (depth >= deepest) refuse({ path: "", message: `is nested more than ${deepest} levels deep` });
      for (const [key, item] of Object.entries(value)) {
        const message = textFault(key);
        if (message !== undefined) refuse({ path, message: `has a key that ${message}` });
        open.push({ value: item, path: path === "" ? key : `${path}.${key}`, depth: depth + 1 });
      }
    }
  }
}
