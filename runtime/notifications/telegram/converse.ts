// Reads what people write to the bot, by long polling, and answers in chats that are linked; a message anywhere else is only
// looked at for a code that links it. An answer that is lost is not sent again: who asked asks again.

import { setTimeout as sleep } from "node:timers/promises";
import { GrammyError, type Api } from "grammy";
import type { Log } from "../../log.ts";
import { textOptions } from "./chat.ts";

export interface ConverseOptions {
  readonly api: Api;
  readonly log: Log;
  readonly signal: AbortSignal;
  /** HTML; undefined: nothing is said. */
  readonly answer: (chat: string, text: string) => Promise<string | undefined>;
}

/** How long Telegram holds a request open for what may come, s. */
const pollSeconds = 25;
/** After a poll that failed, ms. */
const pause = 3_000;

/** Until the signal aborts; never rejects. */
export async function converse({ api, log, signal, answer }: ConverseOptions): Promise<void> {
  const cut = signal as unknown as Parameters<Api["getUpdates"]>[1];
  // Messages from before this process came are answered too: they were kept for whoever polls next.
  const stopped = (): boolean => signal.aborted;
  let offset = 0;
  while (!stopped()) {
    try {
      if (offset === 0) await api.deleteWebhook({}, cut);
      const updates = await api.getUpdates({ offset, timeout: pollSeconds, allowed_updates: ["message"] }, cut);
      for (const { update_id: id, message } of updates) {
        offset = id + 1;
        if (message?.text !== undefined) await reply(String(message.chat.id), message.text);
      }
    } catch (error) {
      if (stopped()) return;
      log.warn({ reason: reasonOf(error) }, "Telegram could not be asked for messages; asking again");
      const asked = error instanceof GrammyError ? error.parameters.retry_after : undefined;
      await sleep(asked === undefined ? pause : asked * 1000, undefined, { signal }).catch(() => undefined);
    }
  }

  async function reply(chat: string, text: string): Promise<void> {
    try {
      const said = await answer(chat, text);
      if (said !== undefined) await api.sendMessage(chat, said, textOptions, cut);
    } catch (error) {
      if (!stopped()) log.warn({ reason: reasonOf(error) }, "a message to the bot could not be answered");
    }
  }
}

function reasonOf(error: unknown): string {
  if (!(error instanceof GrammyError)) return error instanceof Error ? error.message : String(error);
  return error.error_code === 409 ? "another program uses this bot's token" : error.description;
}
