// What Slack, Discord and Mattermost document of their incoming webhooks, as answers of a Receiver: what they take, what
// they refuse and in which words, and how they say that it was too much.

import type { Answer, Received } from "./receiver.ts";

const json = (body: unknown, status = 200, headers: Record<string, string> = {}): Answer => ({
  status,
  headers: { "Content-Type": "application/json", ...headers },
  body: JSON.stringify(body),
});
const text = (body: string, status = 200): Answer => ({ status, body });

function parsed(request: Received): Record<string, unknown> | undefined {
  if (!/^application\/json/.test(request.headers["content-type"] ?? "")) return undefined;
  try {
    return JSON.parse(request.body) as Record<string, unknown>;
  } catch {
    return undefined;
  }
}

/** https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks */
export function slack(request: Received): Answer {
  const body = parsed(request);
  if (body === undefined) return text("invalid_payload", 400);
  if (typeof body["text"] !== "string" || body["text"] === "") return text("no_text", 400);
  return body["text"].length > 40_000 ? text("msg_too_long", 400) : text("ok");
}

/** https://discord.com/developers/docs/resources/webhook#execute-webhook: 204 without a body. */
export function discord(request: Received): Answer {
  const content = parsed(request)?.["content"];
  if (typeof content !== "string" || content === "")
    return json({ message: "Cannot send an empty message", code: 50006 }, 400);
  if (Array.from(content).length > 2000) {
    const errors = [{ code: "BASE_TYPE_MAX_LENGTH", message: "Must be 2000 or fewer in length." }];
    return json({ message: "Invalid Form Body", code: 50035, errors: { content: { _errors: errors } } }, 400);
  }
  return { status: 204 };
}

/** Too many: the time is in the header and, exactly, in the body; in seconds. */
export function discordLimited(seconds: number): Answer {
  const body = { message: "You are being rate limited.", retry_after: seconds, global: false };
  return json(body, 429, { "Retry-After": String(Math.ceil(seconds)), "X-RateLimit-Scope": "user" });
}

/** https://developers.mattermost.com/integrate/webhooks/incoming */
export function mattermost(request: Received): Answer {
  const body = parsed(request);
  const said = body?.["text"];
  if (typeof said === "string" && said !== "") return text("ok");
  return json({ id: "web.incoming_webhook.text.app_error", message: "No text specified.", status_code: 400 }, 400);
}
