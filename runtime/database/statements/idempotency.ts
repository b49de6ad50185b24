// Idempotency-Key: the key's row and the experiment are inserted in one transaction, so that of two racing requests the
// second waits for the first and then finds its experiment. Keys hold for 24 hours, per owner.

import { z } from "zod";
import { maybeOne, transaction, type Pool } from "../pool.ts";
import { createExperiments, type NewRow } from "./create-experiments.ts";
import { readExperiments } from "./read-experiments.ts";

const claimRow = z.object({ mine: z.boolean(), same: z.boolean(), experiment_id: z.string() });

/** The experiment's JSON: created now, or by the first request with this key. "mismatch": that had another body. */
export async function createOnce(pool: Pool, row: NewRow, key: string, bodyHash: Buffer): Promise<string> {
  return transaction(pool, async (client) => {
    await client.query(
      `insert into skeduler.idempotency_keys as k (owner, key, body_hash, experiment_id) values ($1, $2, $3, $4)
         on conflict (owner, key) do update set body_hash = $3, experiment_id = $4, created_at = now()
           where k.created_at < now() - interval '24 hours'`,
      [row.owner, key, bodyHash, row.id],
    );
    const claim = await maybeOne(
      client,
      claimRow,
      `select experiment_id = $3 as mine, body_hash = $4 as same, experiment_id::text as experiment_id
         from skeduler.idempotency_keys where owner = $1 and key = $2`,
      [row.owner, key, row.id, bodyHash],
    );
    if (claim === undefined) throw new Error("the idempotency key vanished");
    if (!claim.same) return "mismatch";
    const found = claim.mine
      ? (await createExperiments(client, [row])).get(row.id)
      : (await readExperiments(client, [claim.experiment_id])).get(claim.experiment_id);
    if (found === undefined) throw new Error("the experiment of an idempotency key is gone");
    return found;
  });
}

/** Forgets keys older than 24 hours. */
export async function expireIdempotencyKeys(pool: Pool): Promise<void> {
  await pool.query("delete from skeduler.idempotency_keys where created_at < now() - interval '24 hours'");
}
