// Telegram's Bot API as we use it: grammY's client with the rates that Telegram allows kept before each message, to a chat and
// in all; and its errors as SendFaults. The token stands in no error: it is part of addresses only.

import { setTimeout as sleep } from "node:timers/promises";
import { Api, GrammyError } from "grammy";
import { SendFault } from "../channel.ts";

export interface TelegramOptions {
  readonly token: string;
  readonly apiRoot: string;
}

/** Between two messages to one chat, ms. */
export const chatPace = 1_000;
/** Between two messages in all, ms: Telegram takes 30 a second. */
const overallPace = 40;
/** A request that takes longer has failed, s; getUpdates waits for less, documents take less. */
const requestLimit = 60;

export function telegramApi({ token, apiRoot }: TelegramOptions): Api {
  const api = new Api(token, { apiRoot, timeoutSeconds: requestLimit });
  const turn = pacer();
  api.config.use(async (call, method, payload, signal) => {
    if (method.startsWith("send") && "chat_id" in payload) await turn(String(payload.chat_id));
    return call(method, payload, signal);
  });
  return api;
}

/** Waits until a message to the chat may go. */
function pacer(): (chat: string) => Promise<void> {
  let overall = 0;
  const chats = new Map<string, number>();
  const until = async (at: number): Promise<void> => {
    const rest = at - Date.now();
    if (rest > 0) await sleep(rest);
  };
  return async (chat) => {
    const now = Date.now();
    for (const [one, at] of chats) if (at < now) chats.delete(one);
    const at = Math.max(now, chats.get(chat) ?? 0);
    chats.set(chat, at + chatPace);
    await until(at); // before it counts among all, or one chat's wait would be everybody's
    const slot = Math.max(Date.now(), overall);
    overall = slot + overallPace;
    await until(slot);
  };
}

/** Whether the chat will never take anything again: it is gone, or does not want us. */
export function isGone(error: unknown): boolean {
  if (!(error instanceof GrammyError)) return false;
  return (
    error.error_code === 403 ||
    (error.error_code === 400 && /chat not found|user is deactivated/i.test(error.description))
  );
}

export function faultOf(error: unknown): SendFault {
  if (!(error instanceof GrammyError))
    return new SendFault("Telegram could not be reached.", { everything: true, cause: error });
  const { error_code: code, description, parameters } = error;
  return new SendFault(`Telegram answered ${code}: ${description}`, {
    everything: code === 429 || code === 401 || code >= 500,
    retryAfter: parameters.retry_after === undefined ? undefined : parameters.retry_after * 1000,
    cause: error,
  });
}
