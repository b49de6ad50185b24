// Cuts the middle out of an attempt's log: what lies between the head and the end that are to stay. Fenced like an append;
// one writer at a time makes chunks, so what is looked up before the deletion cannot move.

import { z } from "zod";
import { maybeOne, type Queryable } from "../pool.ts";
import { streams } from "../../logs/chunk-format.ts";
import { parseView } from "../../logs/view.ts";
import { findChunk } from "./read-log.ts";

export interface Cut {
  readonly attemptId: string;
  readonly epoch: string;
  /** Bytes to keep of the log's beginning and of its end, at least but for a chunk at each side. */
  readonly head: number;
  readonly end: number;
}

const bigint = z.string().transform(Number);
const all = parseView(undefined);
const before = streams.map((stream) => `${stream}_offset`).join(" + ");
const length = streams.map((stream) => `${stream}_length`).join(" + ");

/** The bytes that are kept now; undefined means that this runner no longer owns the attempt. */
export async function cutLog(db: Queryable, { attemptId, epoch, head, end }: Cut): Promise<number | undefined> {
  const fence = [attemptId, epoch];
  const row = await maybeOne(
    db,
    z.object({ day: z.string(), next_seq: bigint, written: bigint, cut_from: bigint.nullable() }),
    `select day::text as day, next_seq::text as next_seq, cut_from::text as cut_from,
            (stdout_bytes + stderr_bytes + skeduler_bytes)::text as written
       from skeduler.attempts where id = $1 and epoch = $2 and closed_at is null`,
    fence,
  );
  if (row === undefined) return undefined;
  const attempt = { id: attemptId, day: row.day, nextSeq: row.next_seq };
  const from = row.cut_from ?? Math.max(1, await findChunk(db, attempt, all, "offset", head));
  const to = await findChunk(db, attempt, all, "offset", row.written - end);
  if (to <= from) return row.written;
  const kept = await maybeOne(
    db,
    z.object({ kept: bigint }),
    `with fenced as (
       update skeduler.attempts a set cut_from = $3, cut_to = $4,
              cut_bytes = (select ${before} from skeduler.log_chunks where attempt_id = $1 and day = a.day and seq = $4)
                        - (select ${before} + ${length} from skeduler.log_chunks where attempt_id = $1 and day = a.day and seq = $3::bigint - 1)
        where id = $1 and epoch = $2 and closed_at is null
       returning day, stdout_bytes + stderr_bytes + skeduler_bytes - cut_bytes as kept
     ), gone as (
       delete from skeduler.log_chunks c using fenced f
        where c.attempt_id = $1 and c.day = f.day and c.seq >= $3 and c.seq < $4
     )
     select kept::text as kept from fenced`,
    [...fence, from, to],
  );
  return kept?.kept;
}
