// A command as typed → words, as a POSIX shell splits them: quotes and escapes work, nothing is expanded. Not by shlex, whose quotes and
// bash's $'…' are used: where a word goes on after a closing ", it takes the escapes of all of the word once more ('\\'"'" is \\'
// and it says \'), in a time that grows with the square of the word's length.

import { quote, split } from "shlex";

export class ParseError extends Error {}

/** Throws ParseError where `parse` does. */
export function check(command: string): void {
  if (/["'\\]/.test(command)) parse(command); // without quotes and escapes nothing is left open
}

/** A part of a word, or what stands between two. */
const part = new RegExp(
  [
    /(?<between>[ \t\r\n]+)/,
    /(?<plain>(?:[^ \t\r\n'"\\$]|\$(?!['"]))+)/,
    /\\(?<escaped>[^])/,
    /'(?<single>[^']*)'/,
    /\$?"(?<double>[^"\\]*(?:\\[^][^"\\]*)*)"/,
    /(?<ansi>\$'[^'\\]*(?:\\[^][^'\\]*)*')/,
  ]
    .map(({ source }) => source)
    .join("|"),
  "y",
);

/** The words of a command; [] for an empty one (the image's own command then runs). Throws ParseError. */
export function parse(command: string): string[] {
  const words: string[] = [];
  let word: string | undefined;
  for (let at = 0; at < command.length; at = part.lastIndex) {
    part.lastIndex = at;
    const found = part.exec(command)?.groups;
    if (found === undefined) throw new ParseError("the command has a quote or an escape that is not closed");
    if (found["escaped"] === "\n") continue; // a line that goes on
    if (found["between"] === undefined) word = (word ?? "") + textOf(found);
    else {
      if (word !== undefined) words.push(word);
      word = undefined;
    }
  }
  if (word !== undefined) words.push(word);
  return words;
}

function textOf({ plain, escaped, single, double, ansi }: Readonly<Record<string, string | undefined>>): string {
  if (double !== undefined) return double.replaceAll(/\\(["\\\n])/g, (_, one: string) => (one === "\n" ? "" : one));
  if (ansi !== undefined) return split(ansi).join("");
  return plain ?? escaped ?? single ?? "";
}

/** The command whose words these are. */
export function join(words: readonly string[]): string {
  return words.map(quote).join(" ");
}
