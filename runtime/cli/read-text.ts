// The text of a file, or of stdin for "-": to its end, however slowly it comes.

import { readFile } from "node:fs/promises";
import { text as readAll } from "node:stream/consumers";
import { UserError } from "../errors.ts";

/** Throws a UserError. stdin is read as a stream: it may be a pipe in which nothing is yet. */
export async function readText(file: string): Promise<string> {
  try {
    return file === "-" ? await readAll(process.stdin) : await readFile(file, "utf8");
  } catch (cause) {
    throw new UserError(`${file === "-" ? "stdin" : file} cannot be read: ${(cause as Error).message}.`, { cause });
  }
}
