-- Why: hosts that are taken out of service by a person, or given up because they went silent.

alter table skeduler.hosts
  add column labels text[] not null default '{}',
  add column state text not null default 'active' check (state in ('active', 'cordoned', 'draining')),
  add column state_reason text,
  add column state_by text,
  add column state_at timestamptz,
  -- Set when attempts of a silent host were given up; cleared by its runner once no stale container runs there.
  add column lost_at timestamptz,
  -- Taken off the list on request; its attempts stay. It comes back when its runner registers again.
  add column removed boolean not null default false;

-- Since when an API process has looked at the heartbeats without a gap: time in which nobody could look (the database
-- was down, or every API process) counts against no host.
create table skeduler.watch (
  one boolean primary key default true check (one),
  since timestamptz not null default now(),
  seen_at timestamptz not null default now()
);
insert into skeduler.watch default values;
