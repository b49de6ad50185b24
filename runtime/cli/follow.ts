// A log followed before the user's eyes: its bytes on stdout, and on stderr why nothing comes: it waits (and for what), an
// image is pulled, the server is away.

import { setTimeout as sleep } from "node:timers/promises";
import { LogPaint } from "./log-paint.ts";
import type { Session } from "./session.ts";
import { StatusLine } from "./status-line.ts";
import { Tail, type LogQuery, type Position } from "./tail.ts";
import { ahead } from "./time.ts";
import { placement, type Placement } from "./wire.ts";

/** How often it is asked why it waits, ms. */
const askEvery = 2_000;
/** Of what was shown so much is handed back, bytes: more than a sentence of ours. */
const endLength = 8 * 1024;

export interface FollowOptions {
  readonly id: string;
  readonly query: LogQuery;
  readonly start?: Position;
  readonly signal?: AbortSignal;
}

/** Resolves when the log has ended, with its last bytes; throws the signal's reason when that aborts. */
export async function follow(session: Session, { id, query, start, signal }: FollowOptions): Promise<Buffer> {
  const { client, out, err } = session;
  const status = new StatusLine(err);
  const paint = new LogPaint(out, (text) => status.set(text));
  const over = new AbortController();
  let silent = true;
  let end: Buffer = Buffer.alloc(0);
  const waiting = sayWhy(session, id, {
    signal: AbortSignal.any([over.signal, ...(signal ? [signal] : [])]),
    say: (text) => {
      if (silent) status.set(text);
    },
  });
  const tail = new Tail(client, id, query, start);
  const onTrouble = (trouble: string | undefined): void => {
    status.set(trouble === undefined ? undefined : `${trouble.replace(/ Is `.*$/, "")} Trying again…`);
  };
  try {
    for await (const bytes of tail.bytes({ onTrouble, ...(signal && { signal }) })) {
      if (silent) status.set(undefined);
      silent = false;
      over.abort();
      const shown = paint.shown(bytes);
      status.clear(!paint.atLineStart);
      await out.write(shown);
      end = (bytes.length < endLength ? Buffer.concat([end, bytes]) : bytes).subarray(-endLength);
    }
    await out.write(paint.rest());
    return end;
  } finally {
    over.abort();
    status.set(undefined);
    await waiting;
  }
}

/** Says why it waits, for as long as it does. */
async function sayWhy(
  { client, err }: Session,
  id: string,
  { signal, say }: { readonly signal: AbortSignal; readonly say: (text: string | undefined) => void },
): Promise<void> {
  try {
    while (!signal.aborted) {
      const found = await client.get(placement, `/experiments/${id}/placement`, { signal });
      if (found.status !== "ENQUEUED") {
        say(found.status === "RUNNING" && err.isTerminal ? found.message : undefined);
        return;
      }
      // Where it is kept (no terminal), a line for each new reason and not for each second of an estimate.
      say(err.isTerminal ? reasonOf(found) : `waiting: ${found.message}`);
      await sleep(askEvery, undefined, { signal });
    }
  } catch {
    // Only a remark: whether the server is away is seen by the tail.
  }
}

/** Why it waits, for people who look now. */
export function reasonOf({ position, message, estimated_start: start }: Placement): string {
  const place = position === null ? "" : ` as number ${position} in the line`;
  const when = start === null ? "" : `; it may start ${ahead(start, Date.now())}`;
  return `waiting${place}: ${message.replace(/\.$/, "")}${when}`;
}
