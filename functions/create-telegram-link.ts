// POST /telegram/link: a one-time code that links a Telegram chat to whoever asks: it is sent to the bot as /start CODE.

import { randomBytes } from "node:crypto";
import type { Pool } from "../runtime/database/pool.ts";
import { codeMinutes, createLinkCode } from "../runtime/database/statements/telegram.ts";
import { ApiError } from "../runtime/errors.ts";
import type { EndpointHandler } from "../runtime/http/env.ts";
import { jsonAnswer } from "../runtime/http/json-answer.ts";

export interface LinkDeps {
  readonly db: Pool;
  /** Whether a bot is configured. */
  readonly configured: boolean;
}

export function createTelegramLink({ db, configured }: LinkDeps): EndpointHandler {
  return async (c) => {
    if (!configured)
      throw new ApiError("conflict", "This server has no bot: its operator sets telegram_token in the configuration.");
    const code = randomBytes(16).toString("base64url");
    await createLinkCode(db, c.get("owner"), code);
    return jsonAnswer(JSON.stringify({ code, message: `/start ${code}`, minutes: codeMinutes }));
  };
}
