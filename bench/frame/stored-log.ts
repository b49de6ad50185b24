// Logs as a runner leaves them, made without one: the bench writes the rows itself. Each line is "line 0000001 of …" and 39
// bytes long, as in a log of a million lines; a log of any length is one chunk, repeated by Postgres.

import { randomUUID } from "node:crypto";
import type pg from "pg";
import { appendLog } from "../../runtime/database/statements/append-log.ts";
import { ChunkBuilder, chunkBytes, type Chunk } from "../../runtime/logs/chunk-format.ts";

export const lineBytes = 39;
const linesPerChunk = Math.floor(chunkBytes / lineBytes);

export interface StoredLog {
  readonly experiment: string;
  readonly attempt: string;
  readonly lines: number;
  readonly bytes: number;
}

function lineOf(number: number): Buffer {
  return Buffer.from(`${`line ${String(number).padStart(9, "0")}, as long as most`.padEnd(lineBytes - 1, ".")}\n`);
}

export function chunkOf(lines: readonly Buffer[]): Chunk {
  const builder = new ChunkBuilder();
  const ms = Date.now();
  const [seconds, nanos] = [Math.floor(ms / 1000), (ms % 1000) * 1_000_000];
  for (const bytes of lines) builder.add("stdout", seconds, nanos, bytes, 0, bytes.length);
  return builder.take();
}

/** A running experiment with an empty log. */
export async function startLog(sql: pg.Client): Promise<{ readonly experiment: string; readonly attempt: string }> {
  const [experiment, attempt] = [randomUUID(), randomUUID()];
  await sql.query(
    `insert into skeduler.hosts (name, engine_id, slots, cpus, memory_bytes, version) values ('bench', 'bench', 1, 1, 1, '0')
       on conflict do nothing`,
  );
  await sql.query(
    `insert into jobs (id, name, description, docker_image, docker_command, docker_environment, status, attempt, host)
       values ($1, 'log', '', 'busybox', 'true', '{}', 'RUNNING', 1, 'bench')`,
    [experiment],
  );
  await sql.query(
    `insert into skeduler.attempts (id, experiment_id, number, host, epoch, started_at) values ($1, $2, 1, 'bench', 1, now())`,
    [attempt, experiment],
  );
  return { experiment, attempt };
}

/** The experiment is FINISHED, its log complete. */
export async function endLog(
  sql: pg.Client,
  { experiment, attempt }: { readonly experiment: string; readonly attempt: string },
): Promise<void> {
  await sql.query("update skeduler.attempts set closed_at = now(), ended_at = now() where id = $1", [attempt]);
  await sql.query("update jobs set status = 'FINISHED', ended_at = now() where id = $1", [experiment]);
}

/** A complete log of about so many lines: whole chunks. */
export async function storeLog(sql: pg.Client, about: number): Promise<StoredLog> {
  const log = await startLog(sql);
  const chunks = Math.max(1, Math.round(about / linesPerChunk));
  const chunk = chunkOf(Array.from({ length: linesPerChunk }, (_, n) => lineOf(n)));
  await appendLog(sql, { attemptId: log.attempt, epoch: "1", seq: 0, chunk, position: {} });
  await sql.query(
    `insert into skeduler.log_chunks
       select day, attempt_id, n, base_time, first_time, last_time, n * stdout_length, 0, 0, n * $2::bigint, 0, 0,
              stdout_length, 0, 0, data, entries
         from skeduler.log_chunks, generate_series(1, $3::bigint - 1) n where attempt_id = $1 and seq = 0`,
    [log.attempt, linesPerChunk, chunks],
  );
  const [lines, bytes] = [chunks * linesPerChunk, chunks * linesPerChunk * lineBytes];
  await sql.query("update skeduler.attempts set next_seq = $2, stdout_bytes = $3, stdout_lines = $4 where id = $1", [
    log.attempt,
    chunks,
    bytes,
    lines,
  ]);
  await endLog(sql, log);
  return { ...log, lines, bytes };
}
