// A question on the terminal. It reads single keys, so Ctrl-C is no signal while it waits: it throws Interrupted, for whoever runs the
// command to end it quietly.

import { createInterface } from "node:readline/promises";
import { Writable } from "node:stream";
import { Interrupted } from "../errors.ts";

export interface QuestionOptions {
  readonly output: NodeJS.WritableStream;
  /** What is typed is not shown. */
  readonly hidden?: boolean;
}

/** What was typed, "" for Enter alone, undefined for Ctrl-D. Throws Interrupted. stdin is to be a terminal. */
export async function ask(question: string, { output, hidden = false }: QuestionOptions): Promise<string | undefined> {
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  const terminal = createInterface({ input: process.stdin, output: hidden ? nowhere : output, terminal: true });
  const left = new AbortController();
  terminal.once("SIGINT", () => left.abort(new Interrupted()));
  terminal.once("close", () => left.abort()); // Ctrl-D
  try {
    if (hidden) output.write(question);
    return await terminal.question(hidden ? "" : question, { signal: left.signal });
  } catch (error) {
    if (!left.signal.aborted) throw error;
    if (left.signal.reason instanceof Interrupted) throw left.signal.reason;
    return undefined;
  } finally {
    terminal.close();
    if (hidden) output.write("\n"); // else readline has ended the line
  }
}
