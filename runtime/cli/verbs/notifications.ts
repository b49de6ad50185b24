// skeduler notifications: who was told of which change and whom the server could not reach; telling them again. And
// skeduler telegram link: the code that links a chat.

import { z } from "zod";
import { UserError } from "../../errors.ts";
import { checked } from "../client.ts";
import { each } from "../each.ts";
import { jsonLine } from "../json-line.ts";
import { findId } from "../find.ts";
import type { Verb } from "../session.ts";
import { printTable, type Column } from "../table.ts";
import { plain } from "../text.ts";
import { span } from "../time.ts";

const notifications = z.array(
  z.object({
    id: z.string(),
    target: z.string(),
    name: z.string(),
    status: z.string(),
    state: z.enum(["waiting", "sent", "failed"]),
    tries: z.number(),
    error: z.string().nullable(),
    created_at: z.string(),
  }),
);
type Notification = z.infer<typeof notifications>[number];

const usual = 50;

const columns: readonly Column<Notification>[] = [
  { title: "ID", text: (one) => one.id },
  { title: "TARGET", text: (one) => one.target, least: 8 },
  { title: "EXPERIMENT", text: (one) => one.name, least: 8 },
  { title: "BECAME", text: (one) => one.status },
  { title: "STATE", text: (one) => one.state, paint: (one) => (one.state === "failed" ? "red" : "green") },
  { title: "TRIES", text: (one) => String(one.tries), right: true, optional: 2 },
  { title: "AGE", text: (one) => span(Date.now() - Date.parse(one.created_at)), right: true, optional: 1 },
  { title: "ERROR", text: (one) => one.error ?? "", least: 10 },
];

export const ls: Verb["run"] = async ({ client, out, json, say }, _, options) => {
  const { state, target, experiment, limit } = options as Readonly<Record<string, string | undefined>>;
  const id = experiment === undefined ? undefined : await findId(client, experiment);
  const query = { state, target, experiment: id, limit: limit ?? usual };
  const text = await client.text("GET", "/notifications", { query });
  const found = checked(notifications, text, "/notifications");
  if (json) await out.write(jsonLine(text));
  else if (found.length === 0) say("There is none.");
  else await printTable(columns, found, out);
  return 0;
};

export const resend: Verb["run"] = async (session, ids, options) => {
  const { client, out, json } = session;
  const { all, target } = options as { readonly all?: boolean; readonly target?: string };
  if ((ids.length > 0 ? 1 : 0) + (all === true ? 1 : 0) + (target === undefined ? 0 : 1) !== 1)
    throw new UserError("Which ones? Name their ids, or --target NAME, or --all.", { exitCode: 2 });
  if (ids.length > 0)
    return each(session, ids, async (id) => {
      const text = await client.text("POST", `/notifications/${encodeURIComponent(id)}/resend`);
      await out.write(json ? jsonLine(text) : `${plain(id)} is sent again.\n`);
    });
  const text = await client.text("POST", "/notifications/resend", { body: JSON.stringify({ target }) });
  const { resent } = checked(z.object({ resent: z.number() }), text, "/notifications/resend");
  await out.write(json ? jsonLine(text) : `${resent} sent again.\n`);
  return 0;
};

const link = z.object({ code: z.string(), message: z.string(), minutes: z.number() });

export const linkTelegram: Verb["run"] = async ({ client, out, json, say }) => {
  const text = await client.text("POST", "/telegram/link");
  if (json) {
    await out.write(jsonLine(text));
    return 0;
  }
  const { message, minutes } = checked(link, text, "/telegram/link");
  say(`Send this to the bot within ${minutes} minutes, in the chat that is to be linked:`);
  await out.write(`${plain(message)}\n`);
  return 0;
};
