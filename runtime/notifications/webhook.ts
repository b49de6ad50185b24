// A webhook by the Standard Webhooks specification (standardwebhooks.com): one POST for each notice, signed; its id stays
// the same over all tries, so that the receiver can tell a repeat.

import { createHmac } from "node:crypto";
import type { Channel, Notice } from "./channel.ts";
import { post } from "./http-post.ts";

export interface WebhookOptions {
  readonly url: string;
  readonly secret: Buffer;
  readonly timeout: number;
}

export function webhook({ url, secret, timeout }: WebhookOptions): Channel {
  return {
    digestAbove: Infinity,
    pace: 0,
    timeout,
    send: async ([notice], signal) => {
      if (notice === undefined) return;
      const body = payloadOf(notice);
      const headers = signed(`msg_${notice.id}`, Math.floor(Date.now() / 1000), body, secret);
      await post(url, body, { "Content-Type": "application/json", "User-Agent": "skeduler", ...headers }, signal);
    },
  };
}

/** The body as text: `data` is the database's own, so that metadata keeps its digits. */
function payloadOf({ status, at, json }: Notice): string {
  return `{"type":"experiment.${status.toLowerCase()}","timestamp":"${at.toISOString()}","data":${json}}`;
}

/** The three headers; `timestamp` in seconds is that of this try. */
function signed(id: string, timestamp: number, body: string, secret: Buffer): Record<string, string> {
  const signature = createHmac("sha256", secret).update(`${id}.${timestamp}.${body}`).digest("base64");
  return { "webhook-id": id, "webhook-timestamp": String(timestamp), "webhook-signature": `v1,${signature}` };
}
