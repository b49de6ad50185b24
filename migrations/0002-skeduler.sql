-- Why: what Skeduler adds: columns beside the documented ones, and the schema `skeduler` for hosts, attempts, leases,
-- events and logs. Rows that an older system left RUNNING have no runner that could end them: they become CANCELLED.

create sequence skeduler.jobs_seq as bigint;

alter table public.jobs
  add column seq bigint,
  add column owner text,
  add column resources jsonb not null default '{}',
  add column attempt integer not null default 0,
  add column host text,
  add column enqueued_at timestamptz not null default now(),
  add column started_at timestamptz,
  add column ended_at timestamptz,
  add column result jsonb;

update public.jobs j set seq = o.seq, enqueued_at = j.created_at
  from (select id, nextval('skeduler.jobs_seq') as seq from (select id from public.jobs order by created_at, id) x) o
  where o.id = j.id;

update public.jobs
  set status = 'CANCELLED', updated_at = now(), ended_at = now(),
      result = jsonb_build_object('reason', 'adopted', 'exit_code', null, 'signal', null,
        'message', 'The system that ran this experiment was replaced by Skeduler while it said RUNNING; how it ended is not known.')
  where status = 'RUNNING';

alter table public.jobs
  alter column seq set default nextval('skeduler.jobs_seq'),
  alter column seq set not null;
create unique index jobs_seq_index on public.jobs (seq);
create index jobs_waiting_index on public.jobs (enqueued_at, seq) where status = 'ENQUEUED';

create table skeduler.installation (
  one boolean primary key default true check (one),
  id uuid not null default gen_random_uuid(),
  created_at timestamptz not null default now()
);
insert into skeduler.installation default values;

create table skeduler.hosts (
  name text primary key,
  engine_id text not null,
  epoch bigint not null default 0,
  pool_id text,
  slots integer not null,
  gpus jsonb not null default '[]',
  cpus integer not null,
  memory_bytes bigint not null,
  version text not null,
  registered_at timestamptz not null default now()
);

-- Apart from hosts, with no index on the changing column: a heartbeat is one small in-page update.
create table skeduler.heartbeats (
  host text primary key references skeduler.hosts (name) on delete cascade,
  seen_at timestamptz not null default now()
) with (fillfactor = 50);

create table skeduler.attempts (
  id uuid primary key default gen_random_uuid(),
  experiment_id uuid not null references public.jobs (id) on delete cascade,
  number integer not null,
  host text not null references skeduler.hosts (name),
  epoch bigint not null,
  gpus text[] not null default '{}',
  day date not null default current_date,
  placed_at timestamptz not null default now(),
  started_at timestamptz,
  ended_at timestamptz,
  closed_at timestamptz,
  container_id text, -- no statement of ours names it; a runner of an older version, which may still run, does
  output text,
  result jsonb,
  next_seq bigint not null default 0,
  stdout_bytes bigint not null default 0,
  stderr_bytes bigint not null default 0,
  skeduler_bytes bigint not null default 0,
  stdout_lines bigint not null default 0,
  stderr_lines bigint not null default 0,
  skeduler_lines bigint not null default 0,
  log_position jsonb not null default '{}',
  unique (experiment_id, number)
) with (fillfactor = 70);
-- The database itself refuses a second open attempt of one experiment.
create unique index attempts_open_index on skeduler.attempts (experiment_id) where closed_at is null;
create index attempts_host_index on skeduler.attempts (host) where closed_at is null;

create table skeduler.leases (
  host text not null references skeduler.hosts (name),
  gpu text not null,
  attempt_id uuid not null references skeduler.attempts (id) on delete cascade,
  primary key (host, gpu)
);
create index leases_attempt_index on skeduler.leases (attempt_id);

create table skeduler.events (
  id bigint generated always as identity primary key,
  at timestamptz not null default now(),
  experiment_id uuid,
  attempt_id uuid,
  host text,
  actor text not null,
  kind text not null,
  detail jsonb not null default '{}'
);
create index events_experiment_index on skeduler.events (experiment_id, id);

create table skeduler.idempotency_keys (
  owner text not null,
  key text not null,
  body_hash bytea not null,
  experiment_id uuid not null,
  created_at timestamptz not null default now(),
  primary key (owner, key)
);
create index idempotency_keys_age_index on skeduler.idempotency_keys (created_at);

-- One row is many lines. `data` holds the bytes of all streams in order; `entries` says stream, time and length of each
-- record (runtime/logs/chunk-format.ts). The *_offset and *_line columns are what came before this chunk, per stream:
-- any view is a sum of them. Stored uncompressed and out of line: data is copied through, the index stays small.
create table skeduler.log_chunks (
  day date not null,
  attempt_id uuid not null,
  seq bigint not null,
  base_time bigint not null,
  first_time timestamptz not null,
  last_time timestamptz not null,
  stdout_offset bigint not null,
  stderr_offset bigint not null,
  skeduler_offset bigint not null,
  stdout_line bigint not null,
  stderr_line bigint not null,
  skeduler_line bigint not null,
  stdout_length integer not null,
  stderr_length integer not null,
  skeduler_length integer not null,
  data bytea not null,
  entries bytea not null,
  primary key (attempt_id, seq, day)
) partition by range (day);
alter table skeduler.log_chunks alter column data set storage external, alter column entries set storage external;
-- Days get partitions of their own ahead of time; this one only catches what none was made for.
create table skeduler.log_chunks_default partition of skeduler.log_chunks default;
