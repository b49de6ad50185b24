// What every way of telling somebody has in common: a channel takes one notice or a digest of several, and says by a
// SendFault how it failed. Whoever drains a target decides when it is tried again.

import type { Notice } from "../database/statements/notifications.ts";

export type { Notice };

export interface Channel {
  /** Tells of all of them in one message; rejects where it was not certainly taken. */
  readonly send: (notices: readonly Notice[], signal: AbortSignal) => Promise<void>;
  /** More than this many that wait at the same time are told in one message; Infinity: never. */
  readonly digestAbove: number;
  /** The least time between two messages, ms: what the receiver allows. */
  readonly pace: number;
  /** How long one message may take, ms. */
  readonly timeout: number;
}

/** The receiver, or the way to it, did not take a message. */
export class SendFault extends Error {
  /** It asked to be left alone for so long, ms. */
  readonly retryAfter: number | undefined;
  /** True: it takes nothing at the moment. False: this message it does not take. */
  readonly everything: boolean;

  constructor(
    message: string,
    options: { readonly retryAfter?: number | undefined; readonly everything: boolean; readonly cause?: unknown },
  ) {
    super(message, { cause: options.cause });
    this.name = "SendFault";
    this.retryAfter = options.retryAfter;
    this.everything = options.everything;
  }
}

/** People are told of so many at the same time one by one, of more in a digest. */
export const digestAbove = 3;
