-- Why: experiments that are tried again after certain ends, and experiments that wait for others.

alter table public.jobs
  add column retries jsonb,
  add column retried integer not null default 0,
  add column not_before timestamptz,
  add column after uuid[] not null default '{}';
create index jobs_dependants_index on public.jobs (seq) where status = 'ENQUEUED' and after <> '{}';
create index jobs_name_index on public.jobs (left(name, 200), seq); -- of more than 2,704 bytes an index takes nothing
