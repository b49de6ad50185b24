// Reads of stored logs: which attempts there are, chunks by sequence number, and where a byte or a line of a view stands
// (a binary search along the dense sequence, in one statement, so that a log of any length costs the same).

import { z } from "zod";
import { copyOut } from "../copy-out.ts";
import { maybeOne, prepared, type Pool, type Queryable, type Statement } from "../pool.ts";
import { streams, type PerStream, type Stream, type Time } from "../../logs/chunk-format.ts";
import type { StoredChunk, View } from "../../logs/view.ts";

const bigint = z.union([z.string(), z.number()]).transform(Number);

export interface LogState {
  /** The experiment's status now. */
  readonly status: string;
  /** The number of the experiment's latest attempt; 0 before the first. */
  readonly latest: number;
  readonly attempt:
    | {
        readonly id: string;
        readonly number: number;
        readonly day: string;
        readonly nextSeq: number;
        readonly closed: boolean;
        /** As written: with what was cut out of the middle. */
        readonly bytes: PerStream;
        readonly lines: PerStream;
        /** Chunks that are not kept, from the one to the other, exclusive. */
        readonly cut: { readonly from: number; readonly to: number } | undefined;
        /** When its log expired, RFC 3339. */
        readonly expired: string | undefined;
        /** The last chunk, where it is small and the attempt's day was known. */
        readonly last: StoredChunk | undefined;
      }
    | undefined;
}

const stateRow = z
  .object({
    status: z.string(),
    latest: z.number(),
    id: z.string().nullable(),
    number: z.number().nullable(),
    day: z.string().nullable(),
    next_seq: bigint.nullable(),
    closed: z.boolean().nullable(),
    cut_from: bigint.nullable(),
    cut_to: bigint.nullable(),
    expired: z.string().nullable(),
    last_seq: bigint.nullish(),
    base_time: z.string().nullish(),
    data: z.instanceof(Buffer).nullish(),
    entries: z.instanceof(Buffer).nullish(),
  })
  .loose();

const pick = (row: Record<string, unknown>, suffix: string): PerStream => ({
  stdout: Number(row[`stdout_${suffix}`] ?? 0),
  stderr: Number(row[`stderr_${suffix}`] ?? 0),
  skeduler: Number(row[`skeduler_${suffix}`] ?? 0),
});

/** A last chunk of up to so many bytes is read with the state. */
const lastBytes = 4096;

const stateOf = (columns: string, join: string): string =>
  `select j.status::text as status, j.attempt as latest, a.id::text as id, a.number, a.day::text as day, a.next_seq,
            a.closed_at is not null as closed, a.cut_from, a.cut_to,
            to_char(a.log_expired_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') as expired, a.stdout_bytes, a.stderr_bytes, a.skeduler_bytes,
            a.stdout_lines, a.stderr_lines, a.skeduler_lines${columns}
       from public.jobs j left join skeduler.attempts a on a.experiment_id = j.id and a.number = coalesce($2::int, j.attempt)
       ${join}
      where j.id = $1`;
const state = prepared("read_log_state", stateOf("", ""));
/** The day as a literal, in a statement for each day: as a parameter it would have this planned anew each time, for all days' partitions. */
const stateAndLast = (day: string): Statement =>
  prepared(
    `read_log_state_${day}`,
    stateOf(
      `, c.seq as last_seq, c.base_time::text as base_time, c.data, c.entries, c.stdout_length, c.stderr_length, c.skeduler_length,
            c.stdout_offset, c.stderr_offset, c.skeduler_offset, c.stdout_line, c.stderr_line, c.skeduler_line`,
      `left join skeduler.log_chunks c on c.attempt_id = a.id and c.day = '${day}' and a.day = '${day}'
              and c.seq = a.next_seq - 1 and length(c.data) <= ${lastBytes}`,
    ),
  );

/**
 * Where one attempt's log stands (`number` undefined: the latest attempt); undefined where there is no such experiment. With the
 * attempt's `day` its last chunk comes too where it is small: who follows a slow log needs nothing more.
 */
export async function readLogState(
  db: Queryable,
  experimentId: string,
  number: number | undefined,
  day?: string,
): Promise<LogState | undefined> {
  const asked = [experimentId, number ?? null];
  const row = await (day === undefined
    ? maybeOne(db, stateRow, state, asked)
    : maybeOne(db, stateRow, stateAndLast(day), asked));
  if (row === undefined) return undefined;
  const attempt =
    row.id === null || row.number === null || row.day === null
      ? undefined
      : {
          id: row.id,
          number: row.number,
          day: row.day,
          nextSeq: row.next_seq ?? 0,
          closed: row.closed === true,
          bytes: pick(row, "bytes"),
          lines: pick(row, "lines"),
          cut: row.cut_from === null || row.cut_to === null ? undefined : { from: row.cut_from, to: row.cut_to },
          expired: row.expired ?? undefined,
          last: lastChunk(row),
        };
  return { status: row.status, latest: row.latest, attempt };
}

function lastChunk(row: z.output<typeof stateRow>): StoredChunk | undefined {
  const { last_seq: seq, base_time, data, entries } = row;
  if (seq == null || base_time == null || data == null || entries == null) return undefined;
  const base = timeOf(BigInt(base_time));
  return {
    seq,
    base,
    offsets: pick(row, "offset"),
    lines: pick(row, "line"),
    lengths: pick(row, "length"),
    data,
    entries,
  };
}

const timeOf = (nanos: bigint): Time => ({
  seconds: Number(nanos / 1_000_000_000n),
  nanos: Number(nanos % 1_000_000_000n),
});

const counts = ["offset", "line", "length"].flatMap((suffix) => streams.map((stream) => `${stream}_${suffix}::bigint`));
const chunkColumns = ["seq", "base_time", ...counts, "data", "entries"].join(", ");

const length = streams.map((stream) => `${stream}_length::bigint`).join(" + ");

/** Bytes that are read at a time: further chunks are left for the next read. */
const bytesPerRead = 1024 * 1024;
/** Chunks that are read at a time: of a slow program's log each may be one line. */
export const chunksPerRead = 500;

/** Up to `limit` chunks from `seq` on, in order, of about a megabyte. Where the middle of the log is not kept, their sequence has a gap. */
export async function readChunks(
  pool: Pool,
  attempt: { readonly id: string; readonly day: string },
  seq: number,
  limit: number,
): Promise<StoredChunk[]> {
  const rows = await copyOut(
    pool,
    `select ${chunkColumns} from (
       select *, ${length} as length, sum(${length}) over (order by seq rows unbounded preceding) as upto from (
         select * from skeduler.log_chunks where attempt_id = $1 and day = $2::date and seq >= $3 order by seq limit $4) c) c
      where upto - length < $5 order by seq`,
    [attempt.id, attempt.day, seq, limit, bytesPerRead],
  );
  return rows.map((row) => {
    const field = (place: number): Buffer => {
      const bytes = row[place];
      if (bytes == null) throw new Error("a log chunk lacks a column");
      return bytes;
    };
    const bigint = (place: number): bigint => field(place).readBigInt64BE();
    const perStream = (first: number): PerStream => ({
      stdout: Number(bigint(first)),
      stderr: Number(bigint(first + 1)),
      skeduler: Number(bigint(first + 2)),
    });
    return {
      seq: Number(bigint(0)),
      base: timeOf(bigint(1)),
      offsets: perStream(2),
      lines: perStream(5),
      lengths: perStream(8),
      data: field(11),
      entries: field(12),
    };
  });
}

/** The last chunk of `attempt` whose count of `unit` before it, in the view, is at most `target`; 0 for an empty log. */
export async function findChunk(
  db: Queryable,
  attempt: { readonly id: string; readonly day: string; readonly nextSeq: number },
  view: View,
  unit: "offset" | "line",
  target: number,
): Promise<number> {
  const column = (stream: Stream): string => `${stream}_${unit}`;
  const statement = prepared(
    `find_chunk_${unit}_${view.name}_${attempt.day}`, // the day as a literal: see stateAndLast
    `with recursive search (low, high) as (
       select 0::bigint, greatest($2::bigint - 1, 0)
       union all
       select case when c.before <= $3 then m.middle else s.low end, case when c.before <= $3 then s.high else m.middle - 1 end
         from search s, lateral (select (s.low + s.high + 1) / 2 as middle) m,
              lateral (select ${view.streams.map(column).join(" + ")} as before from skeduler.log_chunks
                        where attempt_id = $1 and day = '${attempt.day}' and seq <= m.middle order by seq desc limit 1) c
        where s.low < s.high)
     select max(seq) as seq from skeduler.log_chunks
      where attempt_id = $1 and day = '${attempt.day}' and seq <= (select low from search where low >= high)`,
  );
  const row = await maybeOne(db, z.object({ seq: bigint.nullable() }), statement, [
    attempt.id,
    attempt.nextSeq,
    target,
  ]);
  return row?.seq ?? 0;
}

/** How much earlier than a chunk's `last_time` (whole seconds) one of its records may be: the streams are not in one order. */
const slackSeconds = 2;

/** The first chunk that may hold a record at this time or later; undefined where none does. */
export async function findChunkSince(
  db: Queryable,
  attempt: { readonly id: string; readonly day: string },
  time: Time,
): Promise<number | undefined> {
  const row = await maybeOne(
    db,
    z.object({ seq: bigint }),
    `select seq from skeduler.log_chunks
      where attempt_id = $1 and day = '${attempt.day}' and last_time >= to_timestamp($2::float8) - make_interval(secs => $3)
      order by seq limit 1`,
    [attempt.id, time.seconds, slackSeconds],
  );
  return row?.seq;
}
