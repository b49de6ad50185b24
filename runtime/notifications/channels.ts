// Which channel a configured target is.

import type { TargetConfig } from "../config/notifications.ts";
import type { Config } from "../config/schema.ts";
import type { Pool } from "../database/pool.ts";
import type { Channel } from "./channel.ts";
import { chat } from "./chat.ts";
import { email } from "./email.ts";
import { webhook } from "./webhook.ts";

export function channelOf(target: TargetConfig, config: Config["notifications"], db: Pool): Channel {
  const { timeout, smtp } = config;
  switch (target.kind) {
    case "webhook":
      return webhook({ url: target.webhook, secret: target.secret, timeout });
    case "slack":
      return chat({ db, url: target.slack, format: "slack", timeout });
    case "discord":
      return chat({ db, url: target.discord, format: "discord", timeout });
    case "mattermost":
      return chat({ db, url: target.mattermost, format: "mattermost", timeout });
    case "email":
      return email({ db, server: smtp.server ?? "", from: smtp.from, to: target.email, timeout });
    default:
      return target satisfies never;
  }
}
