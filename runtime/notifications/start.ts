// Notifications in one API process: tells the database which targets there are, and delivers what it finds for them. With
// no target configured nothing is started. Every API process has the same targets; whichever is free delivers.

import type { Config } from "../config/schema.ts";
import type { TargetConfig } from "../config/notifications.ts";
import { backgroundPatience, createPool, transaction, type Pool } from "../database/pool.ts";
import { registerTargets, type TargetRow } from "../database/statements/notifications.ts";
import { readChats } from "../database/statements/telegram.ts";
import type { Log } from "../log.ts";
import { notifyTargetTask, notifyTelegramTask } from "../../tasks/notify-target.ts";
import { channelOf } from "./channels.ts";
import { startDelivery } from "./delivery.ts";
import { drain } from "./drain.ts";
import type { CommandDeps } from "./telegram/commands.ts";
import { chatTarget } from "./telegram/targets.ts";

export interface NotificationsOptions extends Pick<CommandDeps, "why" | "changed"> {
  readonly config: Config;
  readonly database: string;
  /** For the registration. */
  readonly db: Pool;
  readonly log: Log;
}

export interface Notifications {
  close(): Promise<void>;
}

/** Postgres connections at most: a queue listens on one, deliveries need one for moments only. */
const connections = 6;
/** Targets delivered to at once at most. */
const mostAtOnce = 20;
/** What is being sent when the process stops has so long to end, ms. */
const grace = 2_000;

export async function startNotifications(options: NotificationsOptions): Promise<Notifications> {
  const { config, database, db, log, why, changed } = options;
  const { targets, ...patience } = config.notifications;
  const bot = config.telegram_token !== "";
  await register(db, config);
  if (targets.length === 0 && !bot) return { close: async () => Promise.resolve() };
  const pool = createPool({
    url: database,
    max: connections,
    name: "skeduler notifications",
    log,
    patience: backgroundPatience,
  });
  const stopping = new AbortController();
  const cut = new AbortController();
  const ends = { db: pool, log, patience, cut: cut.signal };
  const channels = new Map(targets.map((target) => [target.name, channelOf(target, config.notifications, pool)]));
  const stopDelivery =
    targets.length === 0
      ? undefined
      : await startDelivery({
          db: pool,
          log,
          task: notifyTargetTask,
          concurrency: Math.min(targets.length, mostAtOnce),
          deliver: async (target) => {
            const channel = channels.get(target);
            if (channel === undefined) return; // another process was started with another configuration
            await drain({ ...ends, target, channel, stopping: stopping.signal });
          },
        });
  // Loaded where there is a bot, and nowhere else.
  const telegram = bot
    ? (await import("./telegram/start.ts")).runTelegram({
        ...ends,
        config,
        database,
        why,
        changed,
        stopping: stopping.signal,
      })
    : undefined;
  return {
    close: async () => {
      stopping.abort();
      const cutting = setTimeout(() => cut.abort(), grace);
      await Promise.all([stopDelivery?.(), telegram]);
      clearTimeout(cutting);
      await pool.end();
    },
  };
}

async function register(db: Pool, config: Config): Promise<void> {
  const configured = config.notifications.targets.map(rowOf);
  await transaction(db, async (client) => {
    const linked = config.telegram_token === "" ? [] : await readChats(client);
    const chats = config.telegram_token === "" ? [] : config.telegram_chats.map((chat) => chatTarget(chat, []));
    const named = new Set(chats.map(({ name }) => name));
    const others = linked.map(({ chat, owner }) => chatTarget(chat, [owner])).filter(({ name }) => !named.has(name));
    await registerTargets(client, [notifyTargetTask, notifyTelegramTask], [...configured, ...chats, ...others]);
  });
}

function rowOf(target: TargetConfig): TargetRow {
  const { name, statuses, owners, names } = target;
  const patterns = names.map((pattern) => pattern.replace(/[\\%_]/g, "\\$&").replaceAll("*", "%"));
  return { name, called: name, task: notifyTargetTask, statuses, owners, names: patterns, byDefault: target.default };
}
