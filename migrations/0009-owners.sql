-- Why: fair share between owners needs to know what each has used (kept by the hour in which an attempt ended, so that it
-- can be decayed by any half-life) and the oldest of each owner and priority without reading the whole line.

create table skeduler.usage (
  owner text not null,
  hour timestamptz not null,
  gpu_hours double precision not null,
  primary key (hour, owner)
);
create index jobs_owners_index on public.jobs (coalesce(owner, ''), priority desc, enqueued_at, seq) where status = 'ENQUEUED';

-- Who holds the reservation, and where: it stays there whichever process places next, and whoever explains says the same.
create table skeduler.reservation (
  one boolean primary key default true check (one),
  experiment_id uuid,
  host text
);
insert into skeduler.reservation default values;
