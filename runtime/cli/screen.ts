// The whole terminal for as long as a view is shown: frames without flicker, keys, resizes. Whatever ends the program, the
// terminal is given back as it was: its own screen, a cursor, echo.

import type { Output } from "./output.ts";

export type Key = "quit" | "interrupt" | "up" | "down" | "page-up" | "page-down" | "top" | "bottom";

const keys: Readonly<Record<string, Key>> = {
  q: "quit",
  "\x03": "interrupt",
  "\x1b": "quit",
  "\x1b[A": "up",
  k: "up",
  "\x1b[B": "down",
  j: "down",
  "\x1b[5~": "page-up",
  b: "page-up",
  "\x1b[6~": "page-down",
  " ": "page-down",
  g: "top",
  "\x1b[H": "top",
  G: "bottom",
  "\x1b[F": "bottom",
};
const ctrlZ = "\x1a";

export interface ScreenEvents {
  readonly onKey: (key: Key) => void;
  /** The size has changed, or the screen was away: draw again. */
  readonly onStale: () => void;
}

export class Screen implements Disposable {
  readonly #out: Output;
  readonly #events: ScreenEvents;
  #entered = false;

  constructor(out: Output, events: ScreenEvents) {
    this.#out = out;
    this.#events = events;
    this.#enter();
    process.stdin.on("data", this.#onData);
    process.on("SIGCONT", this.#onContinue);
    process.on("exit", this.#leave);
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, this.#onSignal);
    out.stream.on("resize", events.onStale);
  }

  get rows(): number {
    return this.#out.stream.rows || 24;
  }

  /** Shows these lines and nothing else; each must fit. */
  draw(lines: readonly string[]): void {
    if (!this.#entered) return;
    // Erased before it is written: after a line as wide as the terminal that would take its last character.
    const body = lines.slice(0, this.rows).map((line) => `\x1b[K${line}`);
    if (body.length < this.rows) body.push("\x1b[J");
    // Between the two marks a terminal that knows them shows nothing half done.
    this.#out.stream.write(`\x1b[?2026h\x1b[H${body.join("\r\n")}\x1b[?2026l`);
  }

  [Symbol.dispose](): void {
    this.#leave();
    process.stdin.off("data", this.#onData).pause();
    process.off("SIGCONT", this.#onContinue).off("exit", this.#leave);
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.off(signal, this.#onSignal);
    this.#out.stream.off("resize", this.#events.onStale);
  }

  #enter(): void {
    if (this.#entered) return;
    this.#entered = true;
    if (process.stdin.isTTY) process.stdin.setRawMode(true).resume();
    this.#out.stream.write("\x1b[?1049h\x1b[?25l\x1b[2J");
  }

  readonly #leave = (): void => {
    if (!this.#entered) return;
    this.#entered = false;
    if (process.stdin.isTTY) process.stdin.setRawMode(false);
    this.#out.stream.write("\x1b[?25h\x1b[?1049l");
  };

  readonly #onData = (data: Buffer): void => {
    const text = data.toString("latin1");
    if (text === ctrlZ) {
      this.#leave();
      process.kill(process.pid, "SIGTSTP");
      return;
    }
    const key = keys[text];
    if (key !== undefined) this.#events.onKey(key);
  };

  readonly #onContinue = (): void => {
    this.#enter();
    this.#events.onStale();
  };

  readonly #onSignal = (signal: NodeJS.Signals): void => {
    this.#events.onKey(signal === "SIGINT" ? "interrupt" : "quit");
  };
}
