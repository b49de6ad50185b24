// A log's bytes for a terminal: Skeduler's own lines dimmed, the layers of a pull gathered in the status line. Anywhere else the
// bytes are given as they are. Memory holds one unfinished line of ours at most.

import type { Output } from "./output.ts";

const ours = Buffer.from("[skeduler] ");
const newline = 0x0a;
/** A line of ours is never as long as this, bytes. */
const longest = 64 * 1024;
/** "[skeduler] 1f2e3d4c5b6a: Pull complete". */
const layer = /^\[skeduler\] ([0-9a-f]{12}): (.*)$/;
const complete = /^(Pull complete|Already exists)$/;

export class LogPaint {
  readonly #out: Pick<Output, "isTerminal" | "paint">;
  readonly #status: (text: string | undefined) => void;
  readonly #layers = new Map<string, boolean>();
  /** The beginning of what may be a line of ours. */
  #held: Buffer = Buffer.alloc(0);
  #inLine = false;

  constructor(out: Pick<Output, "isTerminal" | "paint">, status: (text: string | undefined) => void) {
    this.#out = out;
    this.#status = status;
  }

  /** Whether what was given ends with a line's end. */
  get atLineStart(): boolean {
    return !this.#inLine;
  }

  shown(part: Buffer): Buffer | string {
    if (!this.#out.isTerminal || (this.#held.length === 0 && !this.#mayHoldOurs(part))) {
      this.#inLine = part.at(-1) !== newline;
      return part;
    }
    const bytes = this.#held.length === 0 ? part : Buffer.concat([this.#held, part]);
    const shown: Buffer[] = [];
    let at = 0;
    while (at < bytes.length) {
      const end = bytes.indexOf(newline, at);
      const line = bytes.subarray(at, end < 0 ? bytes.length : end + 1);
      if (end < 0 && !this.#inLine && isBeginningOf(line) && line.length < longest) break;
      shown.push(this.#inLine || !line.subarray(0, ours.length).equals(ours) ? line : this.#ours(line));
      this.#inLine = end < 0;
      at += line.length;
    }
    this.#held = Buffer.from(bytes.subarray(at));
    return Buffer.concat(shown);
  }

  /** What was held, when no more comes. */
  rest(): Buffer {
    return this.#held;
  }

  #mayHoldOurs(part: Buffer): boolean {
    return (!this.#inLine && isBeginningOf(part.subarray(0, ours.length))) || part.includes(ours) || endsLikeOurs(part);
  }

  #ours(line: Buffer): Buffer {
    const text = line.toString().trimEnd();
    const [, id, state] = layer.exec(text) ?? [];
    if (id === undefined || state === undefined) {
      if (this.#layers.size > 0) this.#status(undefined);
      this.#layers.clear();
      return Buffer.from(`${this.#out.paint(text, "dim")}\n`);
    }
    this.#layers.set(id, complete.test(state));
    const done = [...this.#layers.values()].filter(Boolean).length;
    this.#status(`pulling the image: ${done} of ${this.#layers.size} layers are here`);
    return Buffer.alloc(0);
  }
}

/** Whether a line that is not finished could become one of ours. */
function isBeginningOf(line: Buffer): boolean {
  const length = Math.min(line.length, ours.length);
  return line.subarray(0, length).equals(ours.subarray(0, length));
}

function endsLikeOurs(part: Buffer): boolean {
  const start = part.lastIndexOf(newline) + 1;
  return start > 0 && start < part.length && isBeginningOf(part.subarray(start));
}
