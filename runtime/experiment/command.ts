// A command as typed → words, as a POSIX shell splits them: quotes and escapes work, nothing is expanded.
// The splitting is shlex's; an unclosed quote becomes one sentence.

import { split } from "shlex";

export class ParseError extends Error {}

/** The words of a command; [] for an empty one (the image's own command then runs). Throws ParseError. */
export function parse(command: string): string[] {
  try {
    return split(command);
  } catch (cause) {
    throw new ParseError("the command has a quote or an escape that is not closed", { cause });
  }
}
