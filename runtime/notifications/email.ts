// E-mail by SMTP to one address: a connection for each message, under a Message-ID that stays the same over all tries. Mails
// of one experiment form a thread. What the server says is passed on; user and password are not.

import type { Pool } from "../database/pool.ts";
import { digestAbove, SendFault, type Channel, type Notice } from "./channel.ts";
import { lastLines } from "./last-lines.ts";
import { messageOf, plain } from "./markup.ts";
import { digestOf, oneLine, wordsOf } from "./words.ts";

export interface EmailOptions {
  readonly db: Pool;
  /** smtp:// or smtps://, with user and password where needed. */
  readonly server: string;
  readonly from: string;
  readonly to: string;
  readonly timeout: number;
}

/** Ms between two mails. */
const pace = 1_000;

export function email({ db, server, from, to, timeout }: EmailOptions): Channel {
  return {
    digestAbove,
    pace,
    timeout,
    send: async (notices, signal) => {
      const [first, ...others] = notices;
      if (first === undefined) return;
      const lines = others.length > 0 ? "" : await lastLines(db, first);
      const thread = `<${first.experimentId}@skeduler>`;
      // Loaded by whoever sends mail, and nobody else.
      const { createTransport } = await import("nodemailer");
      const transport = createTransport({
        url: server,
        connectionTimeout: timeout,
        greetingTimeout: timeout,
        socketTimeout: timeout,
      });
      try {
        const sending = transport.sendMail({
          from,
          to,
          subject: subjectOf(notices),
          text: messageOf(plain, notices, lines),
          messageId: `<${first.id}@skeduler>`,
          ...(others.length === 0 && { inReplyTo: thread, references: thread }),
          headers: { "Auto-Submitted": "auto-generated" },
        });
        await Promise.race([sending, aborted(signal)]);
      } catch (error) {
        if (signal.aborted) throw error;
        throw faultOf(error);
      } finally {
        transport.close();
      }
    },
  };
}

function subjectOf(notices: readonly Notice[]): string {
  const [first, ...others] = notices;
  if (first === undefined) return "";
  if (others.length > 0) return `Skeduler: ${digestOf(notices).head}`;
  const { name, said } = wordsOf(first);
  return oneLine(`${name} ${said}`, 200);
}

async function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const abort = (): void => reject(signal.reason as Error);
    if (signal.aborted) abort();
    else signal.addEventListener("abort", abort, { once: true });
  });
}

/** The server refused this mail (its code is 5xx), or takes none at the moment. */
function faultOf(error: unknown): SendFault {
  const { code, responseCode, response } = error as { code?: string; responseCode?: number; response?: string };
  const said = response ?? (error instanceof Error ? error.message : String(error));
  const thisOne = code === "EENVELOPE" || code === "EMESSAGE";
  return new SendFault(`The mail server did not take it: ${said}`, {
    everything: !thisOne || responseCode === 421,
    cause: error,
  });
}
