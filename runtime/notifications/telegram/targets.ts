// A chat as a target: all chats are called `telegram` in an experiment's `notify`.

import type { TargetRow } from "../../database/statements/notifications.ts";
import { notifyTelegramTask } from "../../../tasks/notify-target.ts";

export const calledTelegram = "telegram";

export function targetName(chat: string): string {
  return `${calledTelegram}/${chat}`;
}

export function chatOf(target: string): string {
  return target.slice(calledTelegram.length + 1);
}

/** `owners`: whose experiments it is told of; none named: everybody's. */
export function chatTarget(chat: string, owners: readonly string[]): TargetRow {
  return {
    name: targetName(chat),
    called: calledTelegram,
    task: notifyTelegramTask,
    statuses: ["RUNNING", "FINISHED", "CANCELLED"],
    owners,
    names: [],
    byDefault: true,
  };
}
