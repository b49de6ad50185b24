// One line at the bottom of a terminal that says what is being waited for, with a spinner; gone before anything else is
// written. Where stderr is no terminal, each new text is a line of its own, once.

import type { Output } from "./output.ts";
import { cut, plain } from "./text.ts";

const frames = ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"];
const frameEvery = 100;

export class StatusLine {
  readonly #out: Output;
  #text: string | undefined;
  #frame = 0;
  #shown = false;
  #timer: NodeJS.Timeout | undefined;
  #hidden = false;

  constructor(out: Output) {
    this.#out = out;
  }

  /** What is waited for; undefined: nothing is. */
  set(text: string | undefined): void {
    if (text === this.#text) return;
    this.#text = text;
    if (!this.#out.isTerminal) {
      if (text !== undefined) this.#out.stream.write(`skeduler: ${plain(text)}\n`);
      return;
    }
    clearInterval(this.#timer);
    this.clear();
    if (text === undefined) return;
    this.#timer = setInterval(() => this.#draw(), frameEvery);
    this.#timer.unref();
    this.#draw();
  }

  /** Takes the line away for now: something else is written there. `hidden`: not to come back before it is false. */
  clear(hidden = this.#hidden): void {
    this.#hidden = hidden;
    if (this.#shown) this.#out.stream.write("\r\x1b[K");
    this.#shown = false;
  }

  #draw(): void {
    if (this.#hidden || this.#text === undefined) return;
    this.#frame = (this.#frame + 1) % frames.length;
    const line = cut(`${frames[this.#frame] ?? ""} ${plain(this.#text)}`, (this.#out.width ?? 80) - 1);
    this.#out.stream.write(`\r${this.#out.paint(line, "grey")}\x1b[K`);
    this.#shown = true;
  }
}
