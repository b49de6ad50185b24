// A file of lines that may be longer than a string can be: read and written anew in pieces.

import { createReadStream } from "node:fs";
import { rename, writeFile } from "node:fs/promises";

/** Its lines, as many at a time as come with one piece of it; the last one may have been cut off by a crash. */
export async function* linesOf(file: string): AsyncGenerator<string[], void, undefined> {
  let rest = "";
  for await (const piece of createReadStream(file, "utf8") as AsyncIterable<string>) {
    const lines = (rest + piece).split("\n");
    rest = lines.pop() ?? "";
    yield lines;
  }
  if (rest !== "") yield [rest];
}

/** Written whole and then put into place: a crash leaves the old file or the new one. */
export async function replace(file: string, text: string | AsyncIterable<string>): Promise<void> {
  await writeFile(`${file}.new`, text, { mode: 0o600 });
  await rename(`${file}.new`, file);
}
