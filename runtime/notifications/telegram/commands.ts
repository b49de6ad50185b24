// What the bot answers to /ls, /show, /logs, /cancel, /retry, /why, /mute: texts in Telegram's HTML. A chat that was linked by
// a code acts for whoever made the code; one of the configuration for nobody in particular.

import { z } from "zod";
import type { Pool } from "../../database/pool.ts";
import { changeWithinQuota, type WaitingQuota } from "../../database/statements/quotas.ts";
import { readPage } from "../../database/statements/read-experiments.ts";
import { linkChat, muteTarget, readChatOwner, unlinkChat } from "../../database/statements/telegram.ts";
import { ApiError } from "../../errors.ts";
import { refusal, statuses, type Status } from "../../experiment/states.ts";
import { parseDuration } from "../../experiment/units.ts";
import { lastLinesOf } from "../last-lines.ts";
import { telegramMarkup } from "../markup.ts";
import { durationOf, oneLine } from "../words.ts";
import { chatTarget, targetName } from "./targets.ts";

export interface CommandDeps {
  readonly db: Pool;
  /** Chats of the configuration. */
  readonly chats: readonly string[];
  readonly waitingQuota: WaitingQuota;
  /** Why an experiment waits; undefined: there is no such experiment. */
  readonly why: (id: string) => Promise<string | undefined>;
  /** Called after a change: there may be something to place, and followers to tell. */
  readonly changed: (id: string) => void;
}

const { escape, bold } = telegramMarkup;
const code = (text: string): string => `<code>${escape(text)}</code>`;

const help = [
  "/ls — the latest experiments",
  "/show NAME — one of them; a name (the newest of it), an id, or its beginning",
  "/logs NAME — the end of its log",
  "/cancel NAME, /retry NAME — stop it; run it again",
  "/why NAME — why it waits",
  "/mute 2h — no notices for so long; /mute without a time, until /mute off",
  "/stop — unlink this chat",
].join("\n");

const experimentRow = z.object({
  id: z.string(),
  name: z.string(),
  status: z.enum(statuses),
  owner: z.string().nullable(),
  host: z.string().nullable(),
  started_at: z.string().nullable(),
  ended_at: z.string().nullable(),
  docker: z.object({ image: z.string(), command: z.string() }),
  result: z.object({ message: z.string() }).nullable(),
  attempt: z.object({ number: z.number(), gpus: z.array(z.string()) }).nullable(),
});
type Experiment = z.output<typeof experimentRow>;

const listed = 10;
const logLines = 40;

/** The bot's answer to a text in a chat; undefined: it says nothing, to whoever is not linked above all. */
export async function answer(deps: CommandDeps, chat: string, text: string): Promise<string | undefined> {
  const [, name = "", rest = ""] = /^\/([a-z]+)(?:@\w+)?(?:\s+([^]*))?$/.exec(text.trim()) ?? [];
  const argument = rest.trim();
  if (name === "start" && argument !== "") {
    const owner = await linkChat(deps.db, argument, { ...chatTarget(chat, []), chat });
    if (owner !== undefined)
      return `This chat is linked: it is told of the experiments of ${bold(escape(owner))}.\n${help}`;
  }
  const owner = await readChatOwner(deps.db, chat);
  if (owner === undefined && !deps.chats.includes(chat)) return undefined;
  switch (name) {
    case "ls":
      return list(deps, owner);
    case "show":
      return about(deps, argument, show);
    case "logs":
      return about(deps, argument, async ({ db }, { id }) => logs(db, id));
    case "cancel":
      return about(deps, argument, async (_, one) => change(deps, one, "CANCELLED", owner));
    case "retry":
      return about(deps, argument, async (_, one) => change(deps, one, "ENQUEUED", owner));
    case "why":
      return about(deps, argument, async ({ why }, { id }) => escape((await why(id)) ?? "It is gone."));
    case "mute":
      return mute(deps, chat, argument);
    case "stop":
      if (deps.chats.includes(chat)) return "This chat is linked by the server's configuration.";
      await unlinkChat(deps.db, chat, targetName(chat), "The chat was unlinked.");
      return "This chat is not linked any more.";
    default:
      return name === "" ? undefined : help;
  }
}

async function read(deps: CommandDeps, query: object, limit: number): Promise<Experiment[]> {
  const { body } = await readPage(deps.db, { order: "desc", after: undefined, limit, ...query });
  return z.array(experimentRow).parse(JSON.parse(`[${body ?? ""}]`));
}

async function list(deps: CommandDeps, owner: string | undefined): Promise<string> {
  const found = await read(deps, owner === undefined ? {} : { owner }, listed);
  if (found.length === 0) return "There are no experiments yet.";
  return found
    .map((one) => `${code(one.id.slice(0, 8))} ${bold(escape(oneLine(one.name, 80)))} ${stateOf(one)}`)
    .join("\n");
}

/** "RUNNING on gpu-01 for 3h 2m". */
function stateOf({ status, host, started_at: started, ended_at: ended }: Experiment): string {
  const on = host === null || status === "ENQUEUED" ? "" : ` on ${escape(host)}`;
  if (started === null || status === "ENQUEUED") return `${status}${on}`;
  const took = (ended === null ? Date.now() : Date.parse(ended)) - Date.parse(started);
  return `${status}${on} ${ended === null ? "for" : "after"} ${durationOf(took)}`;
}

async function about(
  deps: CommandDeps,
  named: string,
  tell: (deps: CommandDeps, one: Experiment) => Promise<string>,
): Promise<string> {
  if (named === "") return "Which one? Name it, as in /show train; /ls lists the latest.";
  const prefix = named.toLowerCase();
  const isId = /^(?:[0-9a-f]{4,8}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$/.test(prefix);
  const [one, another] = isId ? await read(deps, { id_prefix: prefix }, 2) : [];
  if (one !== undefined && another === undefined) return tell(deps, one);
  const [byName] = await read(deps, { name: named }, 1);
  if (byName !== undefined) return tell(deps, byName);
  return another === undefined
    ? `There is no experiment ${code(oneLine(named, 100))}.`
    : `Several experiments begin with ${code(prefix)}: write more of the id.`;
}

async function show(_: CommandDeps, one: Experiment): Promise<string> {
  const { id, name, owner, docker, result, attempt } = one;
  const lines = [
    `${bold(escape(oneLine(name, 200)))} ${stateOf(one)}`,
    code(id),
    owner === null ? "" : `of ${escape(owner)}`,
    `${code(oneLine(docker.image, 200))} ${code(oneLine(docker.command, 500))}`,
    attempt === null
      ? ""
      : `attempt ${attempt.number}${attempt.gpus.length === 0 ? "" : `, ${attempt.gpus.length} GPUs`}`,
    result === null ? "" : escape(oneLine(result.message, 500)),
  ];
  return Promise.resolve(lines.filter((line) => line !== "").join("\n"));
}

async function logs(db: Pool, id: string): Promise<string> {
  let text = await lastLinesOf(db, id, undefined, logLines);
  if (text === "") return "It has written nothing.";
  while (telegramMarkup.block(text).length > telegramMarkup.limit) {
    const at = text.indexOf("\n");
    text = at >= 0 ? text.slice(at + 1) : text.slice(Math.ceil(text.length / 2)).toWellFormed();
  }
  return telegramMarkup.block(text);
}

async function change(
  { db, waitingQuota, changed }: CommandDeps,
  { id, name }: Experiment,
  status: Extract<Status, "CANCELLED" | "ENQUEUED">,
  owner: string | undefined,
): Promise<string> {
  const asked = { id, body: JSON.stringify({ status }), owner: owner ?? "telegram", status };
  let done: Awaited<ReturnType<typeof changeWithinQuota>>;
  try {
    done = await changeWithinQuota(db, asked, waitingQuota);
  } catch (error) {
    if (error instanceof ApiError && error.code === "quota") return escape(error.message);
    throw error;
  }
  if (done === undefined) return "It is gone.";
  if (done.verdict === "same") return `${bold(escape(oneLine(name, 200)))} is ${status} already.`;
  if (done.verdict !== "changed") return escape(refusal(done.status, status));
  changed(id);
  return `${bold(escape(oneLine(name, 200)))} is ${status}.`;
}

async function mute({ db }: CommandDeps, chat: string, argument: string): Promise<string> {
  const ms = argument === "" ? Infinity : argument === "off" ? 0 : parseDuration(argument);
  if (ms === undefined) return "For how long? As in /mute 2h, /mute 30m; /mute off ends it.";
  await muteTarget(db, targetName(chat), ms);
  if (ms === 0) return "Notices come again.";
  return ms === Infinity ? "No notices until /mute off." : `No notices for ${durationOf(ms)}.`;
}
