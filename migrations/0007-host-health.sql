-- Why: a host says why it takes nothing (its runner is starting, Docker is away), by when it has stopped its containers
-- itself when it is cut off, and which of its GPUs may not be granted though nobody holds them.

alter table skeduler.hosts
  -- False from a registration until the runner has compared its containers with the attempts.
  add column clean boolean not null default true,
  -- Why its runner takes nothing now, to follow the host's name; null: it takes experiments.
  add column trouble text,
  -- Silent for so long, ms, it has stopped its containers (fence_after, the grace, a margin); null: it never does.
  add column fenced_within bigint,
  -- Whether its runner checks a GPU before it is granted again.
  add column checks_gpus boolean not null default false;

-- A GPU comes here in the statement that releases its lease, and goes when its runner has seen it clean.
create table skeduler.withheld_gpus (
  host text not null references skeduler.hosts (name) on delete cascade,
  gpu text not null,
  since timestamptz not null default now(),
  -- What holds it; null: about to be checked.
  reason text,
  -- Another one with each release: a check counts only for the release that came before it.
  stamp uuid not null default gen_random_uuid(),
  primary key (host, gpu)
);
