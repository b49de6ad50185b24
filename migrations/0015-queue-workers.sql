-- Why: a process that dies leaves its queue jobs locked, and graphile-worker waits four hours before it gives them to another: a
-- notice would come that late. Each process says here that it lives, by the id under which it locks jobs.

create table skeduler.queue_workers (
  pool_id text primary key,
  seen_at timestamptz not null default clock_timestamp()
) with (fillfactor = 50);
