// A view that is shown until the user leaves it (with Ctrl-C it is Interrupted): read, drawn, read again. While the server is
// away the last picture stays, with a line that says so.

import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { Interrupted, UserError } from "../errors.ts";
import { isPassing } from "./client.ts";
import { Screen, type Key } from "./screen.ts";
import type { Session } from "./session.ts";
import { cut } from "./text.ts";

export interface View<Data> {
  readonly read: (rows: number) => Promise<Data>;
  /** Lines that fit the width; `rows` of them at most are seen. */
  readonly lines: (data: Data, rows: number) => readonly string[];
  /** True where the key changed what is to be drawn. */
  readonly onKey?: (key: Key, rows: number) => boolean;
}

export async function showLive<Data>(
  session: Session,
  view: View<Data>,
  options: { readonly every: number },
): Promise<void> {
  const { out } = session;
  let data: Data = await view.read(out.stream.rows || 24); // the first failure is an error, told on the user's own screen
  let trouble: string | undefined;
  const left = new AbortController();
  const gone = once(left.signal, "abort").then(() => undefined);
  const draw = (): void => {
    const lines = view.lines(data, screen.rows - (trouble === undefined ? 0 : 1));
    screen.draw(trouble === undefined ? lines : [out.paint(cut(trouble, out.width ?? 80), "red"), ...lines]);
  };
  using screen = new Screen(out, {
    onKey: (key) => {
      if (key === "quit" || key === "interrupt") left.abort(key);
      else if (view.onKey?.(key, screen.rows) === true) draw();
    },
    onStale: draw,
  });
  while (!left.signal.aborted) {
    draw();
    await sleep(options.every, undefined, { signal: left.signal }).catch(() => undefined);
    try {
      data = (await Promise.race([view.read(screen.rows), gone])) ?? data;
      trouble = undefined;
    } catch (error) {
      if (!(error instanceof UserError) || !isPassing(error)) throw error;
      trouble = error.message;
    }
  }
  if (left.signal.reason === "interrupt") throw new Interrupted();
}
