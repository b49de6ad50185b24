// How many experiments an owner has waiting, counted so that of two that come at once the second sees the first.

import { z } from "zod";
import { many, one, type Client } from "../pool.ts";

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
