-- Why: people are told when a status changes. A trigger writes one row for each change and target, and the queue job that
-- sends it, in the transaction of the change, whichever statement made it: a change that is rolled back tells nobody, one
-- that is committed is never forgotten. Where nobody is to be told, it costs one look at an empty table per statement.

-- Names of targets that an experiment's changes go to; null: to those whose filters let it through.
alter table public.jobs add column notify text[];

-- Who is to be told of what: written by an API process as it starts, from its configuration, so that SQL can know.
create table skeduler.notification_targets (
  name text primary key,
  -- How experiments call it in `notify`: several may have one name (the chats that are linked to a bot).
  called text not null,
  -- The queue task that delivers to it.
  task text not null,
  statuses public.job_status[] not null,
  -- Empty: of everybody.
  owners text[] not null default '{}',
  -- Patterns for `like`. Empty: of any name.
  names text[] not null default '{}',
  -- False: only what names it in `notify`.
  by_default boolean not null default true,
  -- Until then it is told nothing, and not later either.
  muted_until timestamptz,
  -- One process at a time delivers to a target; until then, unless it asks for longer.
  drained_by uuid,
  drained_until timestamptz,
  -- Something came meanwhile: look once more.
  again boolean not null default false,
  -- Nothing is sent before: it asked us to wait, or was not reached.
  not_before timestamptz
);

create table skeduler.notifications (
  seq bigint generated always as identity primary key,
  id uuid not null default gen_random_uuid() unique,
  target text not null,
  experiment_id uuid not null references public.jobs (id) on delete cascade,
  status public.job_status not null,
  attempt integer not null,
  -- What the experiment was when it changed: it may be another when this is sent.
  change jsonb not null,
  created_at timestamptz not null default clock_timestamp(),
  state text not null default 'waiting' check (state in ('waiting', 'sent', 'failed')),
  -- From when on its tries count: later than created_at where it was sent again by hand.
  since timestamptz not null default clock_timestamp(),
  due_at timestamptz not null default clock_timestamp(),
  tries integer not null default 0,
  error text,
  settled_at timestamptz
);
create index notifications_waiting_index on skeduler.notifications (target, seq) where state = 'waiting';
create index notifications_failed_index on skeduler.notifications (seq) where state = 'failed';
create index notifications_experiment_index on skeduler.notifications (experiment_id, seq);
create index notifications_settled_index on skeduler.notifications (settled_at) where settled_at is not null;

-- Telegram chats that were linked by a code, and whose experiments each is told of.
create table skeduler.telegram_chats (
  chat text primary key,
  owner text not null,
  linked_at timestamptz not null default now()
);
create table skeduler.telegram_codes (
  code_hash bytea primary key,
  owner text not null,
  created_at timestamptz not null default now()
);

create function skeduler.note_changes() returns trigger language plpgsql as $$
declare
  ids uuid[];
  enqueued bigint;
begin
  if not exists (select from skeduler.notification_targets t where tg_op = 'UPDATE' or 'ENQUEUED' = any (t.statuses)) then
    return null;
  end if;
  if tg_op = 'INSERT' then
    ids := array(select id from after_rows);
  else
    ids := array(select n.id from after_rows n join before_rows o using (id) where n.status <> o.status);
  end if;
  if ids = '{}' then
    return null;
  end if;
  with written as (
    insert into skeduler.notifications (target, experiment_id, status, attempt, change)
      select t.name, j.id, j.status, j.attempt, jsonb_build_object('host', j.host, 'retried', j.retried, 'result', j.result,
               'started_at', to_char(j.started_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
               'ended_at', to_char(j.ended_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'))
        from public.jobs j join skeduler.notification_targets t
          on j.status = any (t.statuses)
         and (t.muted_until is null or t.muted_until < clock_timestamp())
         and (t.owners = '{}' or coalesce(j.owner, '') = any (t.owners))
         and case when j.notify is null then t.by_default and (t.names = '{}' or j.name like any (t.names))
                  else t.called = any (j.notify) end
       where j.id = any (ids)
       order by j.seq
      returning target
  )
  -- One hint for each target, whatever the number of changes: its task sends all that waits.
  select count(graphile_worker.add_job(t.task, json_build_object('target', t.name), max_attempts := 5)) into enqueued
    from skeduler.notification_targets t where t.name in (select target from written);
  return null;
end $$;

create trigger skeduler_note_inserted after insert on public.jobs
  referencing new table as after_rows for each statement execute function skeduler.note_changes();
create trigger skeduler_note_updated after update on public.jobs
  referencing old table as before_rows new table as after_rows for each statement execute function skeduler.note_changes();
