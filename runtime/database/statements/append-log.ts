// Appends one chunk to an attempt's log: fence, order and idempotence in one statement. The update takes the attempt's
// row only if it is open, of this epoch and expects this very sequence number; the chunk is inserted only if it did.

import { createHash } from "node:crypto";
import { z } from "zod";
import { sends } from "../notifier.ts";
import { maybeOne, type Queryable } from "../pool.ts";
import type { Chunk } from "../../logs/chunk-format.ts";
import type { Block } from "../../metrics/block.ts";

export interface Append {
  readonly attemptId: string;
  readonly epoch: string;
  /** The sequence number that this chunk is to have. */
  readonly seq: number;
  readonly chunk: Chunk;
  /** What lines of the chunk say in the form of a metric; stored with it or not at all. */
  readonly metrics?: Block | undefined;
  /** Where the reading of Docker's log stands once this chunk is stored; kept for the next runner. */
  readonly position: unknown;
  /** What to tell with it (notifier.ts), if it is stored now. */
  readonly payload?: string | undefined;
}

// The data come last: pg writes the parameters one after the other into a buffer that it would make anew, half as large again, for what follows.
const append = (data: string, measured = ""): string => `
with fenced as (
  update skeduler.attempts
     set next_seq = next_seq + 1, log_position = $4,
         stdout_bytes = stdout_bytes + $5, stderr_bytes = stderr_bytes + $6, skeduler_bytes = skeduler_bytes + $7,
         stdout_lines = stdout_lines + $8, stderr_lines = stderr_lines + $9, skeduler_lines = skeduler_lines + $10
   where id = $1 and epoch = $2 and next_seq = $3 and closed_at is null
   returning *
)${measured}
insert into skeduler.log_chunks
  (day, attempt_id, seq, base_time, first_time, last_time, stdout_offset, stderr_offset, skeduler_offset,
   stdout_line, stderr_line, skeduler_line, stdout_length, stderr_length, skeduler_length, data, entries)
select day, id, $3, $11::bigint * 1000000000 + $12::bigint, to_timestamp($11), to_timestamp($13),
       stdout_bytes - $5, stderr_bytes - $6, skeduler_bytes - $7,
       stdout_lines - $8, stderr_lines - $9, skeduler_lines - $10, $5::int, $6::int, $7::int, ${data}, $14
  from fenced returning ${sends("$15")}`;

const plain = { name: "append-log", text: append("$16") };
const withMetrics = {
  name: "append-log-with-metrics",
  text: append(
    "$20",
    `, measured as (
  insert into skeduler.metric_chunks (day, attempt_id, printed, seq, first_time, last_time, names, times, steps, data)
    select day, id, true, $3, (select min(t) from unnest($17::bigint[]) t), (select max(t) from unnest($17::bigint[]) t),
           $16::text[], $17::bigint[], $18::float8[], $19::float8[] from fenced
)`,
  ),
};

/** Whether the chunk is stored; false means that this runner no longer owns the attempt. Safe to repeat when the answer was lost. */
export async function appendLog(db: Queryable, asked: Append): Promise<boolean> {
  const { chunk, metrics } = asked;
  const measured = metrics === undefined ? [] : [metrics.names, metrics.times, metrics.steps ?? null, metrics.data];
  const { rowCount } = await db.query(metrics === undefined ? plain : withMetrics, [
    asked.attemptId,
    asked.epoch,
    asked.seq,
    JSON.stringify(asked.position),
    chunk.bytes.stdout,
    chunk.bytes.stderr,
    chunk.bytes.skeduler,
    chunk.lines.stdout,
    chunk.lines.stderr,
    chunk.lines.skeduler,
    chunk.base.seconds,
    chunk.base.nanos,
    chunk.last.seconds,
    chunk.entries,
    asked.payload ?? null,
    ...measured,
    chunk.data,
  ]);
  return rowCount === 1 || (await alreadyStored(db, asked));
}

/**
 * An earlier try of ours put it there, whose answer was lost. Or somebody else's of this epoch, a run that was given up with a
 * statement on its way: so the chunk itself is looked at.
 */
async function alreadyStored(db: Queryable, { attemptId, epoch, seq, chunk }: Append): Promise<boolean> {
  const digest = (bytes: Buffer): Buffer => createHash("sha256").update(bytes).digest();
  const ours = await maybeOne(
    db,
    z.object({ day: z.string() }),
    `select day::text as day from skeduler.attempts
      where id = $1 and epoch = $2 and closed_at is null and next_seq = $3::bigint + 1`,
    [attemptId, epoch, seq],
  );
  if (ours === undefined) return false;
  const row = await maybeOne(
    db,
    z.object({ stored: z.boolean() }),
    `select sha256(data) = $3 and sha256(entries) = $4 as stored from skeduler.log_chunks
      where attempt_id = $1 and day = '${ours.day}' and seq = $2`, // a literal: as a join this takes all days' partitions
    [attemptId, seq, digest(chunk.data), digest(chunk.entries)],
  );
  return row?.stored === true;
}
