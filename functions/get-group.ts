// GET /groups/{id}: a sweep: its matrix, and how many of its experiments are in which state. ?wait=60s answers when that
// has changed (since If-None-Match, else since now), at once where all have ended, and after that long in any case.

import { createHash } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import type { Pool } from "../runtime/database/pool.ts";
import { readGroup } from "../runtime/database/statements/groups.ts";
import { ApiError } from "../runtime/errors.ts";
import { parseDuration } from "../runtime/experiment/units.ts";
import type { EndpointHandler } from "../runtime/http/env.ts";
import { parseId } from "../runtime/http/id.ts";
import { jsonAnswer } from "../runtime/http/json-answer.ts";
import { parseQuery } from "../runtime/parse-query.ts";

export interface GetGroupDeps {
  readonly db: Pool;
  /** Aborts when the server stops: whoever waits is answered. */
  readonly closing: AbortSignal;
}

/** A group is counted this often for one who waits, ms: one index scan of at most 10,000 rows. */
const lookEvery = 1_000;
const longest = 300_000;

export const getGroupQuery = z.strictObject({
  wait: z
    .string()
    .transform((text) => parseDuration(text) ?? 0)
    .refine((ms) => ms > 0 && ms <= longest, { error: 'a duration of at most 5m, such as "60s"' })
    .optional()
    .describe('How long to wait for a change: at most 5m, such as "60s".'),
});

export function getGroup({ db, closing }: GetGroupDeps): EndpointHandler {
  const read = async (id: string): Promise<{ body: string; ended: boolean; tag: string }> => {
    const group = await readGroup(db, id);
    if (group === undefined) throw new ApiError("not_found", `There is no group ${id}.`);
    return { ...group, tag: `"${createHash("sha256").update(group.body).digest("base64url").slice(0, 22)}"` };
  };
  return async (c) => {
    const id = parseId(c);
    const { wait = 0 } = parseQuery(getGroupQuery, c.req.query());
    const signal = AbortSignal.any([closing, c.req.raw.signal, AbortSignal.timeout(Math.max(wait, 1))]);
    let group = await read(id);
    const asked = c.req.header("if-none-match");
    const known = asked ?? group.tag;
    while (wait > 0 && group.tag === known && !group.ended && !signal.aborted) {
      await sleep(lookEvery, undefined, { signal }).catch(() => undefined); // then one last look
      group = await read(id);
    }
    const answer = asked === group.tag ? new Response(null, { status: 304 }) : jsonAnswer(group.body);
    answer.headers.set("ETag", group.tag);
    return answer;
  };
}
