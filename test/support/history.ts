// A database with a past: experiments that have ended, their attempts, events and logs. What grows without end must not make
// what is done today slower.

import type { Queryable } from "../../runtime/database/pool.ts";

export interface History {
  /** Ended experiments, each with an attempt and two events. */
  readonly experiments: number;
  /** Chunks of 2 KB, a hundred to an attempt. */
  readonly chunks: number;
  /** Whether Postgres is to know of them before its autovacuum comes by. */
  readonly analyzed?: boolean;
}

export async function makeHistory(db: Queryable, { experiments, chunks, analyzed = true }: History): Promise<void> {
  await db.query(
    `insert into skeduler.hosts (name, engine_id, slots, cpus, memory_bytes, version) values ('past', 'past', 4, 4, 1, '0')`,
  );
  await db.query(
    `insert into jobs (name, description, docker_image, docker_command, docker_environment, metadata, status, owner, attempt, host, started_at, ended_at, result)
       select 'past ' || n % 100, 'ended', 'busybox', 'true', '{"N": 1}', '{"k": [1, 2, 3]}', 'FINISHED', 'token-' || n % 5, 1, 'past',
              now(), now(), '{"reason": "exited", "exit_code": 0}' from generate_series(1, $1::int) n`,
    [experiments],
  );
  await db.query(
    `insert into skeduler.attempts (experiment_id, number, host, epoch, started_at, ended_at, closed_at)
       select id, 1, 'past', 1, now(), now(), now() from jobs where host = 'past'`,
  );
  await db.query(
    `insert into skeduler.events (experiment_id, actor, kind)
       select id, 'past', kind from jobs, unnest(array['enqueued', 'ended']) kind where host = 'past'`,
  );
  await db.query(
    `insert into skeduler.log_chunks
       select a.day, a.id, n, 1700000000000000000, now(), now(), n * 2000, 0, 0, n, 0, 0, 2000, 0, 0,
              decode(repeat('61', 1999) || '0a', 'hex'), '\\x01'
         from (select day, id from skeduler.attempts where host = 'past' limit $1::int / 100) a, generate_series(0, 99) n`,
    [chunks],
  );
  await db.query(
    `update skeduler.attempts a set next_seq = 100, stdout_bytes = 200000, stdout_lines = 100
      where a.host = 'past' and exists (select from skeduler.log_chunks c where c.attempt_id = a.id)`,
  );
  if (!analyzed) return;
  for (const table of ["jobs", "skeduler.attempts", "skeduler.events", "skeduler.log_chunks"])
    await db.query(`vacuum analyze ${table}`);
}
