-- Why: a database that was restored to a moment before (or that lost its last commits) must not be believed where its hosts
-- know better: each host's heartbeats count, placement waits until every host was heard, and what ran after that moment is
-- kept here until an operator decides.

alter table skeduler.heartbeats add column beats bigint not null default 0;

alter table skeduler.hosts
  -- It lived when this database was last seen at work: placement waits since then to hear it.
  add column awaited_since timestamptz,
  -- False from the moment in which its runner found the database older than what it knew until both were compared.
  add column compared boolean not null default true,
  -- When that was found last.
  add column restored_at timestamptz;

-- Which server process, timeline and database placement saw last: another one may be a restored one. Null: none yet.
alter table skeduler.installation add column incarnation text;

-- Attempts that ran on a host and that this database does not know.
create table skeduler.unknown_attempts (
  id uuid primary key,
  host text not null references skeduler.hosts (name) on delete cascade,
  experiment_id uuid not null,
  number integer not null,
  -- Its container is there and runs.
  running boolean not null,
  -- How it ended, as its host kept it; null where it runs or where that is not known.
  result jsonb,
  -- What its host knew of the experiment; null where it kept nothing.
  spec jsonb,
  found_at timestamptz not null default now(),
  -- An operator said that it does not count: its container is removed, and it is not reported again.
  discarded_at timestamptz
);
create index unknown_attempts_experiment_index on skeduler.unknown_attempts (experiment_id);
