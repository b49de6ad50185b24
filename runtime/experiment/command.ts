// A command as typed → words, as a POSIX shell splits them: quotes and escapes work, nothing is expanded.
// The splitting is shlex's; an unclosed quote becomes one sentence.

import { split } from "shlex";

export class ParseError extends Error {}

/** Throws ParseError where `parse` does. */
export function check(command: string): void {
  if (/["'\\]/.test(command)) parse(command); // without quotes and escapes nothing is left open
}

/** The words of a command; [] for an empty one (the image's own command then runs). Throws ParseError. */
export function parse(command: string): string[] {
  try {
    return split(command);
  } catch (cause) {
    throw new ParseError("the command has a quote or an escape that is not closed", { cause });
  }
}
