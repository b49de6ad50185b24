-- Why: the table of experiments as existing installations have it. `if not exists` throughout: an installation made by
-- the documented statements is adopted as it stands; this file alone makes a new one exactly like it.
do $$
begin
  if not exists (select from pg_type t join pg_namespace n on n.oid = t.typnamespace
                 where t.typname = 'job_status' and n.nspname = 'public') then
    create type public.job_status as enum ('ENQUEUED', 'RUNNING', 'FINISHED', 'CANCELLED');
  end if;
end $$;

create table if not exists public.jobs (
  id uuid default gen_random_uuid() not null primary key,
  name text not null,
  description text not null,
  docker_image text not null,
  docker_command text not null,
  docker_environment jsonb not null,
  created_at timestamp with time zone default current_timestamp not null,
  updated_at timestamp with time zone default current_timestamp not null,
  status public.job_status default 'ENQUEUED'::public.job_status not null,
  metadata json
);

create index if not exists jobs_status_index on public.jobs (status, created_at);
