-- Why: what an experiment may ask for beside its container: its rank in the line and the longest it may run.

alter table public.jobs
  add column priority integer not null default 0,
  add column time_limit text;
drop index public.jobs_waiting_index;
create index jobs_waiting_index on public.jobs (priority desc, enqueued_at, seq) where status = 'ENQUEUED';
