// The queue job that a change of a status leaves in its transaction for each target that is to be told: send what waits there.

import type { Task } from "graphile-worker";
import { z } from "zod";

export const notifyTargetTask = "notify-target";
/** A task of its own for chats: only the process that leads the bot may speak to Telegram. */
export const notifyTelegramTask = "notify-telegram";

const payload = z.object({ target: z.string() });

export function notifyTarget(deliver: (target: string) => Promise<void>): Task {
  return async (job) => deliver(payload.parse(job).target);
}
