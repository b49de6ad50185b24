// How many experiments an owner has waiting, counted so that of two that come at once the second sees the first; and what
// else makes one wait, held to that.

import { z } from "zod";
import { ApiError } from "../../errors.ts";
import { many, maybeOne, one, transaction, type Client, type Pool } from "../pool.ts";
import { changeExperiment, type ChangeAnswer, type ChangeRequest } from "./change-experiment.ts";

/** How many experiments an owner may have waiting; undefined: any number. */
export type WaitingQuota = (owner: string) => number | undefined;

/** Locks each owner's count until the end of the transaction and answers it; no more than `most` are counted. */
export async function countWaiting(
  client: Client,
  owners: readonly string[],
  most: number,
): Promise<Map<string, number>> {
  const sorted = owners.toSorted(); // everybody locks in one order
  for (const owner of sorted)
    await one(client, z.unknown(), "select pg_advisory_xact_lock(hashtextextended('skeduler.quota ' || $1, 0))", [
      owner,
    ]);
  const rows = await many(
    client,
    z.object({ owner: z.string(), waiting: z.number() }),
    `select owner, (select count(*) from (
        select from public.jobs j where j.status = 'ENQUEUED' and coalesce(j.owner, '') = o.owner limit $2) w)::int as waiting
       from unnest($1::text[]) as o (owner)`,
    [sorted, most],
  );
  return new Map(rows.map((row) => [row.owner, row.waiting]));
}

/** Where `more` are too many beside the `before` that wait. */
export function aboveQuota(owner: string, limit: number, before: number, more: number): ApiError {
  return new ApiError(
    "quota",
    `${owner} may have ${limit} experiments waiting and has ${Math.min(before, limit)}: ${more === 1 ? "one more is" : `${more} more are`} too many. Wait for some to start, or cancel some.`,
  );
}

/** `changeExperiment`; throws quota (429), and changes nothing, where it would enqueue again one that its owner may not have waiting. */
export async function changeWithinQuota(
  db: Pool,
  request: ChangeRequest & { readonly status: string | null | undefined },
  waitingQuota: WaitingQuota,
): Promise<ChangeAnswer | undefined> {
  const owner = request.status === "ENQUEUED" ? await ownerOf(db, request.id) : undefined;
  const limit = owner === undefined ? undefined : waitingQuota(owner);
  if (owner === undefined || limit === undefined) return changeExperiment(db, request);
  return transaction(db, async (client) => {
    const before = (await countWaiting(client, [owner], limit)).get(owner) ?? 0;
    const answer = await changeExperiment(client, request);
    if (answer?.enqueued === true && before >= limit) throw aboveQuota(owner, limit, before, 1);
    return answer;
  });
}

/** Undefined where there is none: no such experiment, or an adopted one. It never changes. */
async function ownerOf(db: Pool, id: string): Promise<string | undefined> {
  const row = await maybeOne(
    db,
    z.object({ owner: z.string().nullable() }),
    "select owner from public.jobs where id = $1",
    [id],
  );
  return row?.owner ?? undefined;
}
