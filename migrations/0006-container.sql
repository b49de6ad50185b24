-- Why: what an experiment may say of its container beyond image, command and environment: only what it set, so that the
-- documented wire form of all others stays as it is.

alter table public.jobs add column docker_options jsonb not null default '{}';
