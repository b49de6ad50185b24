-- Why: a signal before the time limit, for programs that save their work; and what an attempt is expected to take, by the
-- past runs of the same name, for estimates.

alter table public.jobs add column time_limit_warning jsonb;
alter table skeduler.attempts
  add column warned_at timestamptz,
  add column expected interval;
create index jobs_finished_index on public.jobs (left(name, 200), ended_at) where status = 'FINISHED';
