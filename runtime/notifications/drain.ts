// Sends what waits for one target, in order, one message at a time, as long as there is something. Nothing is lost by dying
// here: what was not recorded as sent is sent again, under the same id, when the lease has ended.

import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import type { Pool } from "../database/pool.ts";
import { claimNotices, recordRefused, recordSent, restTarget } from "../database/statements/notifications.ts";
import type { Log } from "../log.ts";
import { SendFault, type Channel, type Notice } from "./channel.ts";

export interface Patience {
  /** The wait after the first try, ms; doubled each time, at most an hour. */
  readonly first_retry: number;
  /** Tried for so long, ms, before it is given up. */
  readonly give_up_after: number;
}

export interface DrainOptions {
  readonly db: Pool;
  readonly log: Log;
  readonly target: string;
  readonly channel: Channel;
  readonly patience: Patience;
  /** Aborted: nothing more is begun. */
  readonly stopping: AbortSignal;
  /** Aborted: what is under way is cut off. */
  readonly cut: AbortSignal;
}

const longestRetry = 3_600_000;
/** A receiver that asks for more is tried anyway. */
const longestRetryAfter = 24 * 3_600_000;
/** Notices in one digest at most. */
const digestLimit = 1000;
/** Shorter waits are waited here; longer ones are left to a queue job. */
const shortWait = 2_000;
/** What a lease lasts longer than the message it is for. */
const leaseMargin = 30_000;

export async function drain(options: DrainOptions): Promise<void> {
  const { db, target, channel, stopping } = options;
  const by = randomUUID();
  const lease = channel.timeout + leaseMargin;
  const limit = channel.digestAbove === Infinity ? 1 : digestLimit;
  while (!stopping.aborted) {
    const notices = await claimNotices(db, { target, by, lease, limit });
    if (notices === undefined) return;
    if (notices.length > 0) {
      await tell(options, notices.length > channel.digestAbove ? notices : notices.slice(0, 1));
      continue;
    }
    const wait = await restTarget(db, { target, by, short: shortWait });
    if (wait === undefined) return;
    await sleep(wait, undefined, { signal: stopping }).catch(() => undefined);
  }
  await restTarget(db, { target, by, short: -1 });
}

/** One message, and what became of it. */
async function tell(options: DrainOptions, notices: readonly Notice[]): Promise<void> {
  const { db, log, target, channel, patience, cut } = options;
  try {
    await channel.send(notices, AbortSignal.any([cut, AbortSignal.timeout(channel.timeout)]));
  } catch (error) {
    if (cut.aborted) return; // ours: it stays waiting, and nobody else is to blame
    const { retryAfter, everything, message } = faultOf(error, channel.timeout);
    const tries = Math.min(...notices.map((one) => one.tries));
    const delay =
      retryAfter === undefined ? backOff(tries, patience.first_retry) : Math.min(retryAfter, longestRetryAfter);
    const failed = await recordRefused(db, target, notices, {
      error: message.slice(0, 500),
      delay,
      pause: everything,
      giveUpAfter: patience.give_up_after,
    });
    if (failed > 0)
      log.warn({ target, failed, reason: message }, "notifications were given up; GET /notifications?state=failed");
    else log.info({ target, reason: message, delay }, "a notification was not taken; it is tried again");
    return;
  }
  await recordSent(db, target, notices, channel.pace);
}

function faultOf(error: unknown, timeout: number): SendFault {
  if (error instanceof SendFault) return error;
  const name = error instanceof Error ? error.name : "";
  const said = name === "TimeoutError" ? `no answer within ${timeout / 1000} s` : String(error);
  return new SendFault(said, { everything: true, cause: error });
}

/** Doubled each time, with a tenth more or less, so that what failed together is not tried together. */
function backOff(tries: number, first: number): number {
  const wait = Math.min(first * 2 ** Math.min(tries, 30), longestRetry);
  return Math.round(wait * (0.9 + Math.random() * 0.2));
}
