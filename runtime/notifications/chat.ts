// Slack, Discord and Mattermost by their incoming webhooks: one POST of JSON, as each of them documents it.

import type { Pool } from "../database/pool.ts";
import { digestAbove, type Channel } from "./channel.ts";
import { post } from "./http-post.ts";
import { lastLines } from "./last-lines.ts";
import { discordMarkup, mattermostMarkup, messageOf, slackMarkup, type Markup } from "./markup.ts";

interface Format {
  readonly markup: Markup;
  readonly body: (text: string) => object;
  /** Ms between two messages. */
  readonly pace: number;
}

export const formats = {
  // One message a second for each webhook.
  slack: { markup: slackMarkup, body: (text: string) => ({ text }), pace: 1_000 },
  // 30 a minute for each webhook.
  discord: {
    markup: discordMarkup,
    body: (content: string) => ({ content, allowed_mentions: { parse: [] } }),
    pace: 2_000,
  },
  mattermost: { markup: mattermostMarkup, body: (text: string) => ({ text }), pace: 200 },
} as const satisfies Record<string, Format>;

export interface ChatOptions {
  readonly db: Pool;
  readonly url: string;
  readonly format: keyof typeof formats;
  readonly timeout: number;
}

export function chat({ db, url, format, timeout }: ChatOptions): Channel {
  const { markup, body, pace }: Format = formats[format];
  return {
    digestAbove,
    pace,
    timeout,
    send: async (notices, signal) => {
      const [only, ...others] = notices;
      const lines = only === undefined || others.length > 0 ? "" : await lastLines(db, only);
      const json = JSON.stringify(body(messageOf(markup, notices, lines)));
      await post(url, json, { "Content-Type": "application/json", "User-Agent": "skeduler" }, signal);
    },
  };
}
