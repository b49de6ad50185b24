// Telegram's chats: those linked by a one-time code, their targets, and what they are muted for.

import { createHash } from "node:crypto";
import { z } from "zod";
import { many, maybeOne, type Queryable } from "../pool.ts";
import type { TargetRow } from "./notifications.ts";

/** How long a code can be used, minutes. */
export const codeMinutes = 10;

const hashOf = (code: string): Buffer => createHash("sha256").update(code).digest();

/** Keeps a code's hash for its owner; forgets those that have expired. */
export async function createLinkCode(db: Queryable, owner: string, code: string): Promise<void> {
  await db.query(
    `with expired as (delete from skeduler.telegram_codes where created_at < now() - make_interval(mins => $3))
     insert into skeduler.telegram_codes (code_hash, owner) values ($1, $2)`,
    [hashOf(code), owner, codeMinutes],
  );
}

/** Links a chat by a code, which is used up by that. Answers whose experiments it is told of; undefined: no such code. */
export async function linkChat(
  db: Queryable,
  code: string,
  target: Omit<TargetRow, "owners"> & { readonly chat: string },
): Promise<string | undefined> {
  const row = await maybeOne(
    db,
    z.object({ owner: z.string() }),
    `with used as (
       delete from skeduler.telegram_codes where code_hash = $1 and created_at > now() - make_interval(mins => $2) returning owner
     ), linked as (
       insert into skeduler.telegram_chats (chat, owner) select $3, owner from used
         on conflict (chat) do update set owner = excluded.owner, linked_at = now()
     ), target as (
       insert into skeduler.notification_targets as t (name, called, task, statuses, names, by_default, owners)
         select $4, $5, $6, $7::public.job_status[], $8, $9, array[owner] from used
         on conflict (name) do update set owners = case when t.owners = '{}' then t.owners else excluded.owners end, muted_until = null
     )
     select owner from used`,
    [
      hashOf(code),
      codeMinutes,
      target.chat,
      target.name,
      target.called,
      target.task,
      target.statuses,
      target.names,
      target.byDefault,
    ],
  );
  return row?.owner;
}

/** The linked chats and whose experiments each is told of; none is linked or unlinked before the transaction ends. */
export async function readChats(db: Queryable): Promise<{ readonly chat: string; readonly owner: string }[]> {
  await db.query("lock table skeduler.telegram_chats in share mode");
  return many(
    db,
    z.object({ chat: z.string(), owner: z.string() }),
    "select chat, owner from skeduler.telegram_chats order by linked_at",
  );
}

/** Who a chat acts for; undefined: it is not linked. */
export async function readChatOwner(db: Queryable, chat: string): Promise<string | undefined> {
  const row = await maybeOne(
    db,
    z.object({ owner: z.string() }),
    "select owner from skeduler.telegram_chats where chat = $1",
    [chat],
  );
  return row?.owner;
}

/** Forgets a linked chat and its target; what waited for it is given up. */
export async function unlinkChat(db: Queryable, chat: string, target: string, why: string): Promise<void> {
  await db.query(
    `with gone as (
       delete from skeduler.telegram_chats where chat = $1 returning chat
     ), untold as (
       delete from skeduler.notification_targets where name = $2 and exists (select from gone)
     )
     update skeduler.notifications set state = 'failed', settled_at = clock_timestamp(), error = $3
      where target = $2 and state = 'waiting' and exists (select from gone)`,
    [chat, target, why],
  );
}

/** Tells a target nothing for so long, ms; Infinity: until it is unmuted; 0: tells it again. What happens meanwhile is not told later. */
export async function muteTarget(db: Queryable, target: string, ms: number): Promise<void> {
  await db.query(
    `update skeduler.notification_targets set muted_until =
       case $2::float8 when 0 then null when 'infinity' then 'infinity' else clock_timestamp() + make_interval(secs => $2 / 1000) end
      where name = $1`,
    [target, ms],
  );
}
