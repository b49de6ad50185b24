// A Telegram Bot API server as Telegram documents it (core.telegram.org/bots/api): JSON and multipart requests, getUpdates by
// long polling (409 for two at once), messages and documents with their limits, HTML that is checked, 403 from who blocked
// the bot, 429 with retry_after for more than a message a second to one chat. People write by `say`.

import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export interface Sent {
  readonly chat: string;
  /** A message's text, or a document's caption; HTML. */
  readonly text: string;
  readonly document: { readonly name: string; readonly bytes: Buffer } | undefined;
  /** Ms since the epoch. */
  readonly at: number;
}

interface Fault {
  readonly error_code: number;
  readonly description: string;
  readonly parameters?: { readonly retry_after: number };
}

const faults = {
  unauthorized: { error_code: 401, description: "Unauthorized" },
  conflict: {
    error_code: 409,
    description: "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running",
  },
  noChat: { error_code: 400, description: "Bad Request: chat not found" },
  empty: { error_code: 400, description: "Bad Request: message text is empty" },
  long: { error_code: 400, description: "Bad Request: message is too long" },
  longCaption: { error_code: 400, description: "Bad Request: message caption is too long" },
  entities: { error_code: 400, description: "Bad Request: can't parse entities" },
  large: { error_code: 413, description: "Request Entity Too Large" },
  blocked: { error_code: 403, description: "Forbidden: bot was blocked by the user" },
} as const satisfies Record<string, Fault>;

/** Networks do not keep distances exactly, ms. */
const tolerance = 100;

export class TelegramServer implements AsyncDisposable {
  readonly token = "123456:a-test-token";
  readonly sent: Sent[] = [];
  /** How many requests were refused for coming too soon, and how many polls for another. */
  limited = 0;
  conflicts = 0;
  /** Chats that exist. */
  readonly chats = new Set<string>();
  readonly blocked = new Set<string>();
  /** Answered instead, once each: a fault that the test asks for. */
  readonly failing: Fault[] = [];
  readonly #server: Server;
  #updates: { update_id: number; message: object }[] = [];
  #next = 1;
  #polling: ServerResponse | undefined;
  #wake = Promise.withResolvers<undefined>();
  #changed = Promise.withResolvers<undefined>();
  readonly #last = new Map<string, number>();

  private constructor(server: Server) {
    this.#server = server;
  }

  static async start(...chats: readonly string[]): Promise<TelegramServer> {
    const server = createServer();
    const telegram = new TelegramServer(server);
    for (const chat of chats) telegram.chats.add(chat);
    server.on("request", (request, response) => {
      telegram.#handle(request, response).catch(() => response.destroy());
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    return telegram;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Somebody writes to the bot in a chat. */
  say(chat: string, text: string): void {
    this.chats.add(chat);
    const from = { id: 7, is_bot: false, first_name: "Ada" };
    const message = { message_id: this.#next, date: 0, chat: { id: Number(chat), type: "private" }, from, text };
    this.#updates.push({ update_id: this.#next++, message });
    this.#wake.resolve(undefined);
  }

  /** Writes, and answers the next message that the chat gets. */
  async ask(chat: string, text: string): Promise<string> {
    const before = this.sent.length;
    this.say(chat, text);
    const sent = await this.until((all) => all.slice(before).some((one) => one.chat === chat));
    return sent.slice(before).find((one) => one.chat === chat)?.text ?? "";
  }

  async until(isSo: (sent: readonly Sent[]) => boolean): Promise<readonly Sent[]> {
    while (!isSo(this.sent)) await this.#changed.promise;
    return this.sent;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, "close");
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const [, token, method = ""] = /^\/bot([^/]+)\/(\w+)$/.exec(request.url ?? "") ?? [];
    const { fields, document } = await payloadOf(request);
    const answer =
      token === this.token ? await this.#answer(method, fields, document, response) : { fault: faults.unauthorized };
    if (response.destroyed) return;
    const fault = "fault" in answer ? answer.fault : undefined;
    response.writeHead(fault?.error_code ?? 200, { "Content-Type": "application/json" });
    response.end(JSON.stringify(fault === undefined ? { ok: true, ...answer } : { ok: false, ...fault }));
    this.#changed.resolve(undefined);
    this.#changed = Promise.withResolvers();
  }

  async #answer(
    method: string,
    fields: Record<string, string>,
    document: Sent["document"],
    response: ServerResponse,
  ): Promise<{ result: unknown } | { fault: Fault }> {
    switch (method) {
      case "deleteWebhook":
        return { result: true };
      case "getUpdates":
        return this.#poll(Number(fields["offset"] ?? 0), Number(fields["timeout"] ?? 0), response);
      case "sendMessage":
        return this.#take(fields["chat_id"] ?? "", fields["text"] ?? "", undefined);
      case "sendDocument":
        return this.#take(fields["chat_id"] ?? "", fields["caption"] ?? "", document);
      default:
        return { fault: { error_code: 404, description: "Not Found" } };
    }
  }

  async #poll(
    offset: number,
    timeout: number,
    response: ServerResponse,
  ): Promise<{ result: unknown } | { fault: Fault }> {
    if (this.#polling !== undefined && !this.#polling.destroyed && !this.#polling.writableEnded) {
      this.conflicts += 1;
      return { fault: faults.conflict };
    }
    this.#polling = response;
    this.#updates = this.#updates.filter((update) => update.update_id >= offset);
    const over = Promise.withResolvers<undefined>();
    const timer = setTimeout(() => over.resolve(undefined), timeout * 1000);
    response.on("close", () => over.resolve(undefined));
    if (this.#updates.length === 0) {
      this.#wake = Promise.withResolvers();
      await Promise.race([this.#wake.promise, over.promise]);
    }
    clearTimeout(timer);
    return { result: this.#updates };
  }

  #take(chat: string, text: string, document: Sent["document"]): { result: unknown } | { fault: Fault } {
    const asked = this.failing.shift();
    if (asked !== undefined) return { fault: asked };
    if (!this.chats.has(chat)) return { fault: faults.noChat };
    if (this.blocked.has(chat)) return { fault: faults.blocked };
    const now = Date.now();
    const wait = 1000 - tolerance - (now - (this.#last.get(chat) ?? 0));
    if (wait > 0) {
      this.limited += 1;
      const description = "Too Many Requests: retry after 1";
      return { fault: { error_code: 429, description, parameters: { retry_after: 1 } } };
    }
    if (!isHtml(text)) return { fault: faults.entities };
    const shown = text.replace(/<[^>]*>/g, "").replace(/&\w+;/g, "?");
    if (document === undefined && shown === "") return { fault: faults.empty };
    if (shown.length > (document === undefined ? 4096 : 1024))
      return { fault: document === undefined ? faults.long : faults.longCaption };
    if (document !== undefined && document.bytes.length > 50_000_000) return { fault: faults.large };
    this.#last.set(chat, now);
    this.sent.push({ chat, text, document, at: now });
    return { result: { message_id: this.#next++, date: 0, chat: { id: Number(chat), type: "private" }, text } };
  }
}

/** Only tags that are supported, each closed in its turn; no bare < or &. */
function isHtml(text: string): boolean {
  const open: string[] = [];
  const rest = text.replace(
    /<(\/?)(b|i|code|pre)>|&(?:lt|gt|amp|quot);/g,
    (_, close: string | undefined, tag?: string) => {
      if (tag === undefined) return "";
      if (close !== "/") open.push(tag);
      else if (open.pop() !== tag) open.push("wrong");
      return "";
    },
  );
  return open.length === 0 && !/[<>&]/.test(rest);
}

async function payloadOf(
  request: IncomingMessage,
): Promise<{ fields: Record<string, string>; document: Sent["document"] }> {
  const parts: Buffer[] = [];
  for await (const part of request as AsyncIterable<Buffer>) parts.push(part);
  // One character a byte, so that nothing is lost in between.
  const body = Buffer.concat(parts).toString("latin1");
  const utf8 = (text: string): string => Buffer.from(text, "latin1").toString();
  const [, boundary] = /^multipart\/form-data; boundary=(.+)$/.exec(request.headers["content-type"] ?? "") ?? [];
  if (boundary === undefined) {
    const json = body === "" ? {} : (JSON.parse(utf8(body)) as Record<string, string | number>);
    return {
      fields: Object.fromEntries(Object.entries(json).map(([name, value]) => [name, String(value)])),
      document: undefined,
    };
  }
  const fields: Record<string, string> = {};
  let document: Sent["document"];
  for (const part of body.split(`--${boundary}`).slice(1, -1)) {
    const at = part.indexOf("\r\n\r\n");
    const [head, content] = [part.slice(0, at), part.slice(at + 4, -2)];
    const [, file] = /filename="?([^"\r\n]*?)"?(?:\r\n|$)/.exec(head) ?? [];
    const [, name = ""] = /name="([^"]*)"/.exec(head) ?? [];
    if (file === undefined) fields[name] = utf8(content);
    else document = { name: utf8(file), bytes: Buffer.from(content, "latin1") };
  }
  return { fields, document };
}
