-- Why: sweeps: experiments that were made of one matrix and are cancelled, listed and watched as a group; and keys of
-- idempotency that stand for several experiments.

create table skeduler.groups (
  id uuid primary key,
  seq bigint generated always as identity unique,
  name text not null,
  matrix json not null,
  owner text not null,
  created_at timestamptz not null default now()
);

alter table public.jobs
  add column group_id uuid references skeduler.groups (id),
  add column combination json;
create index jobs_group_index on public.jobs (group_id, seq) where group_id is not null;

alter table skeduler.idempotency_keys add column experiment_ids uuid[];
update skeduler.idempotency_keys set experiment_ids = array[experiment_id];
alter table skeduler.idempotency_keys alter column experiment_ids set not null, drop column experiment_id;
