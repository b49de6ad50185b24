// A yes-or-no question on a terminal; elsewhere the answer is what the caller gives as default.

import { ask } from "../cli/question.ts";

/** Enter means yes, Ctrl-D no. Without a terminal: `elsewhere`. */
export async function confirm(question: string, elsewhere: boolean): Promise<boolean> {
  if (!process.stdin.isTTY || !process.stderr.isTTY) return elsewhere;
  const answer = await ask(`${question} [Y/n] `, { output: process.stderr });
  return answer !== undefined && /^(|y|yes)$/i.test(answer.trim());
}
