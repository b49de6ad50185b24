// Where words go: results to stdout, at the pace of whoever reads them, all else to stderr. A reader that goes away
// (`| head`) ends the program quietly, a full disk with a sentence. Colour is only for terminals; NO_COLOR and FORCE_COLOR have the last word.

import type { Environment } from "./contexts.ts";
import { brokenPipe, failed } from "./exit-codes.ts";

export type Paint = "red" | "green" | "yellow" | "blue" | "cyan" | "grey" | "bold" | "dim" | "inverse";

const codes: Readonly<Record<Paint, readonly [on: number, off: number]>> = {
  red: [31, 39],
  green: [32, 39],
  yellow: [33, 39],
  blue: [34, 39],
  cyan: [36, 39],
  grey: [90, 39],
  bold: [1, 22],
  dim: [2, 22],
  inverse: [7, 27],
};

/** The program ends when whoever reads the stream has gone, or its disk is full. */
export function endWithReader(stream: NodeJS.WriteStream): void {
  stream.on("error", end);
}

/** The program goes on: it has things to put away, which nobody need read of (Ctrl-C ends all of `skeduler up | tee`). */
export function outliveReaders(): void {
  for (const stream of [process.stdout, process.stderr]) stream.off("error", end).on("error", () => undefined);
}

function end(error: Error & { code?: string }): void {
  if (error.code === "EPIPE") process.exit(brokenPipe);
  // Where it is stderr that failed nobody hears this.
  process.stderr.write(`skeduler: stdout cannot be written: ${error.message}.\n`);
  process.exit(failed);
}

export class Output {
  readonly stream: NodeJS.WriteStream;
  readonly colour: boolean;

  constructor(stream: NodeJS.WriteStream, env: Environment) {
    this.stream = stream;
    this.colour = wantsColour(stream, env);
    endWithReader(stream);
  }

  get isTerminal(): boolean {
    return this.stream.isTTY;
  }

  /** Undefined where it is no terminal: then nothing needs to fit. */
  get width(): number | undefined {
    return this.isTerminal ? Math.max(20, this.stream.columns || 80) : undefined;
  }

  /** Resolves when the reader has room for more. */
  async write(text: string | Uint8Array): Promise<void> {
    if (this.stream.write(text)) return;
    await new Promise<void>((resolve) => this.stream.once("drain", resolve));
  }

  paint(text: string, paint: Paint | undefined): string {
    if (!this.colour || paint === undefined || text === "") return text;
    const [on, off] = codes[paint];
    return `\x1b[${on}m${text}\x1b[${off}m`;
  }
}

function wantsColour(stream: NodeJS.WriteStream, env: Environment): boolean {
  const [no, force] = [env["NO_COLOR"], env["FORCE_COLOR"]];
  if (no !== undefined && no !== "") return false;
  if (force !== undefined && force !== "") return force !== "0" && force !== "false";
  return stream.isTTY && env["TERM"] !== "dumb";
}
