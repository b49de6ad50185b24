// Idempotency-Key: the key's row and the experiments are inserted in one transaction, so that of two racing requests the
// second waits for the first and then finds its experiments. Keys hold for 24 hours, per owner.

import { z } from "zod";
import { maybeOne, type Pool, type Queryable } from "../pool.ts";
import { readExperiments } from "./read-experiments.ts";

const claimRow = z.object({ mine: z.boolean(), same: z.boolean(), ids: z.array(z.string()) });

/** The experiments' JSON in order: created now by `create`, or by the first request with this key. "mismatch": that had another body. */
export async function createOnce(
  client: Queryable,
  claim: { readonly owner: string; readonly key: string; readonly bodyHash: Buffer; readonly ids: readonly string[] },
  create: () => Promise<string[]>,
): Promise<string[] | "mismatch"> {
  const { owner, key, bodyHash, ids } = claim;
  await client.query(
    `insert into skeduler.idempotency_keys as k (owner, key, body_hash, experiment_ids) values ($1, $2, $3, $4)
       on conflict (owner, key) do update set body_hash = $3, experiment_ids = $4, created_at = now()
         where k.created_at < now() - interval '24 hours'`,
    [owner, key, bodyHash, ids],
  );
  const found = await maybeOne(
    client,
    claimRow,
    `select experiment_ids = $3::uuid[] as mine, body_hash = $4 as same, experiment_ids::text[] as ids
       from skeduler.idempotency_keys where owner = $1 and key = $2`,
    [owner, key, ids, bodyHash],
  );
  if (found === undefined) throw new Error("the idempotency key vanished");
  if (!found.same) return "mismatch";
  if (found.mine) return create();
  const experiments = await readExperiments(client, found.ids);
  return found.ids.map((id) => {
    const experiment = experiments.get(id);
    if (experiment === undefined) throw new Error("an experiment of an idempotency key is gone");
    return experiment;
  });
}

/** Forgets keys older than 24 hours. */
export async function expireIdempotencyKeys(pool: Pool): Promise<void> {
  await pool.query("delete from skeduler.idempotency_keys where created_at < now() - interval '24 hours'");
}
