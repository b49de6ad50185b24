// A message of a notice, or a digest, in the markup of one receiver. All that comes from users is escaped here, so that a name
// or a line of a log can neither break the format nor call people by @everyone. Pure.

import type { Notice } from "./channel.ts";
import { digestOf, oneLine, wordsOf, type Words } from "./words.ts";

export interface Markup {
  /** Characters of one message at most. */
  readonly limit: number;
  readonly escape: (text: string) => string;
  readonly bold: (escaped: string) => string;
  /** A block of the log; takes raw text. */
  readonly block: (text: string) => string;
}

/** `lines`: the last lines of its log, "" where there are none. */
export function messageOf(markup: Markup, notices: readonly Notice[], lines: string): string {
  const [first] = notices;
  if (first === undefined) return "";
  if (notices.length > 1) return digest(markup, notices);
  const head = headOf(markup, first);
  return lines === "" ? head : fitted(markup, head, lines);
}

/** Each part shortened until there is room for all: never cut after it was escaped. */
function headOf(markup: Markup, notice: Notice): string {
  const { mark, name, said, why } = wordsOf(notice);
  for (const most of [500, 100, 20]) {
    const line = lineOf(markup, { mark, name: oneLine(name, most), said: oneLine(said, most), why: "" });
    const reason = why === "" ? [] : [markup.escape(oneLine(why, most))];
    const head = [line, ...reason, markup.escape(notice.experimentId)].join("\n");
    if (head.length <= markup.limit) return head;
  }
  return markup.escape(notice.experimentId);
}

function lineOf({ escape, bold }: Markup, { mark, name, said }: Words): string {
  return `${mark} ${bold(escape(name))} ${escape(said)}`;
}

/** As many of the last lines as there is room for: escaping may lengthen them. */
function fitted(markup: Markup, head: string, lines: string): string {
  for (let kept = lines; kept !== ""; kept = shortened(kept)) {
    const whole = `${head}\n${markup.block(kept)}`;
    if (whole.length <= markup.limit) return whole;
  }
  return head;
}

/** Without its first line, or the first half of its only one. */
function shortened(text: string): string {
  const at = text.indexOf("\n");
  return at >= 0 ? text.slice(at + 1) : text.slice(Math.ceil(text.length / 2)).toWellFormed();
}

function digest(markup: Markup, notices: readonly Notice[]): string {
  const { head, list, more } = digestOf(notices);
  const said = [markup.bold(markup.escape(head))];
  let length = said.join("").length;
  let left = more;
  for (const words of list) {
    const line = lineOf(markup, words);
    if (length + line.length + 40 > markup.limit) left += 1;
    else {
      said.push(line);
      length += line.length + 1;
    }
  }
  if (left > 0) said.push(`… and ${left} more`);
  return said.join("\n");
}

/** A fence of three backticks ends a block: one inside it is broken up by a character without width. */
const unfenced = (text: string): string => text.replaceAll("```", "`\u200b``");
const fenced = (text: string): string => `\`\`\`\n${text}\n\`\`\``;

export const plain: Markup = {
  limit: 100_000,
  escape: (text) => text,
  bold: (text) => text,
  block: (text) => `\n${text}`,
};

const entities: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;" };
const escapeEntities = (text: string): string => text.replace(/[&<>]/g, (one) => entities[one] ?? one);

/** Slack's mrkdwn: & < > are escaped (a mention is <!channel>), for * and ` there is no escape: others that look like them. */
export const slackMarkup: Markup = {
  limit: 3_900,
  escape: (text) => escapeEntities(text).replaceAll("*", "∗").replaceAll("`", "ˋ"),
  bold: (text) => `*${text}*`,
  block: (text) => fenced(escapeEntities(unfenced(text))),
};

const escapeMarkdown = (text: string): string => text.replace(/[\\*_~`|>#[\]()<-]/g, "\\$&");

/** Discord's markdown; mentions are switched off beside the text. */
export const discordMarkup: Markup = {
  limit: 2_000,
  escape: escapeMarkdown,
  bold: (text) => `**${text}**`,
  block: (text) => fenced(unfenced(text)),
};

/** Mattermost's markdown: @all and @channel call people, but not with a character without width behind the @. */
export const mattermostMarkup: Markup = {
  limit: 16_000,
  escape: (text) => escapeMarkdown(text).replaceAll("@", "@\u200b"),
  bold: (text) => `**${text}**`,
  block: (text) => fenced(unfenced(text)),
};

/** Telegram's HTML. */
export const telegramMarkup: Markup = {
  limit: 4_000,
  escape: escapeEntities,
  bold: (text) => `<b>${text}</b>`,
  block: (text) => `<pre>${escapeEntities(text)}</pre>`,
};

/** The text under a document is shorter. */
export const telegramCaption: Markup = { ...telegramMarkup, limit: 1_000 };
