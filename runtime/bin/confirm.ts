// A yes-or-no question on a terminal; elsewhere the answer is what the caller gives as default.

import { createInterface } from "node:readline/promises";

/** Enter means yes. Without a terminal: `elsewhere`. */
export async function confirm(question: string, elsewhere: boolean): Promise<boolean> {
  if (!process.stdin.isTTY || !process.stderr.isTTY) return elsewhere;
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return /^(|y|yes)$/i.test((await terminal.question(`${question} [Y/n] `)).trim());
  } finally {
    terminal.close();
  }
}
