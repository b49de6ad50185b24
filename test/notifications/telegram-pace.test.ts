// The rates that Telegram allows: one chat's wait is not everybody's.

import assert from "node:assert/strict";
import { test } from "node:test";
import { telegramApi } from "../../runtime/notifications/telegram/api.ts";
import { TelegramServer } from "../support/telegram-server.ts";

test("a chat that has to wait for its second message keeps no other from its first", async () => {
  const chats = ["1", "2", "3", "4"];
  await using telegram = await TelegramServer.start(...chats);
  const api = telegramApi({ token: telegram.token, apiRoot: telegram.url });
  await Promise.all(chats.flatMap((chat) => ["first", "second"].map(async (text) => api.sendMessage(chat, text))));
  const texts = telegram.sent.map(({ text }) => text);
  assert.deepEqual(texts, [...Array<string>(4).fill("first"), ...Array<string>(4).fill("second")]);
});
