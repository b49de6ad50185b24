// The bot: of all API processes the one that leads speaks to Telegram, so that its rates are kept by one, and no two ask for
// messages at the same time (Telegram answers 409 then).

import { quotaOf } from "../../config/owners.ts";
import type { Config } from "../../config/schema.ts";
import { lead } from "../../database/leader.ts";
import type { Pool } from "../../database/pool.ts";
import { unlinkChat } from "../../database/statements/telegram.ts";
import type { Log } from "../../log.ts";
import { notifyTelegramTask } from "../../../tasks/notify-target.ts";
import { startDelivery } from "../delivery.ts";
import { drain, type Patience } from "../drain.ts";
import { telegramApi } from "./api.ts";
import { telegramChat } from "./chat.ts";
import { answer, type CommandDeps } from "./commands.ts";
import { converse } from "./converse.ts";
import { chatOf } from "./targets.ts";

export interface TelegramOptions extends Pick<CommandDeps, "why" | "changed"> {
  readonly config: Pick<Config, "telegram_token" | "telegram_chats" | "telegram_api" | "quotas">;
  readonly database: string;
  readonly db: Pool;
  readonly log: Log;
  readonly patience: Patience;
  readonly stopping: AbortSignal;
  readonly cut: AbortSignal;
}

/** An arbitrary constant: who holds this lock leads the bot. */
const botLock = "8315168192217801077";
/** Chats written to at the same time. */
const concurrency = 10;

/** Until `stopping` aborts; never rejects. */
export async function runTelegram(options: TelegramOptions): Promise<void> {
  const { config, database, db, log, patience, cut } = options;
  const api = telegramApi({ token: config.telegram_token, apiRoot: config.telegram_api });
  const { why, changed } = options;
  const waitingQuota = (owner: string): number | undefined => quotaOf(config.quotas, owner).waiting;
  const commands = { db, chats: config.telegram_chats, waitingQuota, why, changed };
  await lead({
    url: database,
    lock: botLock,
    log,
    signal: options.stopping,
    work: async (signal) => {
      const deliver = async (target: string): Promise<void> => {
        const chat = chatOf(target);
        const channel = telegramChat({ api, db, chat, onGone: async (why) => unlinkChat(db, chat, target, why) });
        await drain({ db, log, target, channel, patience, stopping: signal, cut });
      };
      const stopDelivery = await startDelivery({ db, log, task: notifyTelegramTask, concurrency, deliver });
      try {
        await converse({ api, log, signal, answer: async (chat, text) => answer(commands, chat, text) });
      } finally {
        await stopDelivery();
      }
    },
  });
}
