// One chat as a channel: a message of each change, and at an end the log as a document with the message as its caption, so
// that both come or neither. A log too large for Telegram is sent from as far back as there is room.

import { InputFile, type Api } from "grammy";
import type { Pool } from "../../database/pool.ts";
import { readLogState } from "../../database/statements/read-log.ts";
import { readClosed, readRange } from "../../logs/read.ts";
import { parseView, total } from "../../logs/view.ts";
import { digestAbove, type Channel, type Notice } from "../channel.ts";
import { lastLines } from "../last-lines.ts";
import { messageOf, telegramCaption, telegramMarkup } from "../markup.ts";
import { chatPace, faultOf, isGone } from "./api.ts";

/** Of a document, bytes. Telegram takes 50 MB; this much still arrives in time on a slow line. */
const documentLimit = 20 * 1024 * 1024;
/** For one message with its document, ms. */
const timeout = 55_000;

export interface ChatOptions {
  readonly api: Api;
  readonly db: Pool;
  readonly chat: string;
  /** The chat is gone, or has thrown the bot out. */
  readonly onGone: (why: string) => Promise<void>;
}

export function telegramChat({ api, db, chat, onGone }: ChatOptions): Channel {
  return {
    digestAbove,
    pace: chatPace,
    timeout,
    send: async (notices, signal) => {
      try {
        await send(notices, signal);
      } catch (error) {
        if (signal.aborted) throw signal.reason;
        const fault = faultOf(error);
        if (isGone(error)) await onGone(fault.message);
        throw fault;
      }
    },
  };

  async function send(notices: readonly Notice[], signal: AbortSignal): Promise<void> {
    const [only, ...others] = notices;
    if (only === undefined) return;
    const lines = others.length > 0 ? "" : await lastLines(db, only);
    const log = others.length > 0 ? undefined : await logOf(db, only);
    // grammY's own type of a signal is an older one.
    const cut = signal as unknown as Parameters<Api["sendMessage"]>[3];
    if (log === undefined) {
      await api.sendMessage(chat, messageOf(telegramMarkup, notices, lines), textOptions, cut);
      return;
    }
    const document = new InputFile(log.bytes, log.name);
    const caption = messageOf(telegramCaption, notices, lines);
    await api.sendDocument(chat, document, { parse_mode: "HTML", caption }, cut);
  }
}

export const textOptions = { parse_mode: "HTML", link_preview_options: { is_disabled: true } } as const;

/** The log of an attempt that has ended; undefined where there is none. */
async function logOf(
  db: Pool,
  { status, experimentId, attempt, name }: Notice,
): Promise<{ readonly name: string; readonly bytes: AsyncIterable<Uint8Array> } | undefined> {
  if (status === "ENQUEUED" || status === "RUNNING" || attempt === 0) return undefined;
  const log = (await readLogState(db, experimentId, attempt))?.attempt;
  if (log === undefined || log.expired !== undefined) return undefined;
  const view = parseView(undefined);
  const open = total(view, log.bytes);
  const { length, read } = log.closed
    ? await readClosed(db, log, view)
    : {
        length: open,
        read: (start: number, end: number) => readRange(db, log, { view, start, end, timestamps: false }),
      };
  if (length === 0) return undefined;
  const start = Math.max(0, length - documentLimit);
  const safe = name.replace(/[^\p{L}\p{N}._-]+/gu, "_").slice(0, 60);
  return { name: `${start > 0 ? "end-of-" : ""}${safe}-${attempt}.log`, bytes: read(start, length) };
}
