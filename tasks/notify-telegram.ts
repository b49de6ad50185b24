// Like notify-target, for chats: a task of its own, because only the process that leads the bot may speak to Telegram.

export { notifyTarget as notifyTelegram } from "./notify-target.ts";

export const notifyTelegramTask = "notify-telegram";
