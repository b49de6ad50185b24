-- Why: logs that are too large are cut in the middle, old ones expire by the day. A default partition would keep a day from
-- being detached without stopping everybody who writes; what lies in it goes to partitions of its own.

alter table skeduler.attempts
  -- Chunks from the one to the other, exclusive, are not kept; cut_bytes is what was in them.
  add column cut_from bigint,
  add column cut_to bigint,
  add column cut_bytes bigint not null default 0,
  add column log_expired_at timestamptz;
create index attempts_day_index on skeduler.attempts using brin (day);

do $$
declare
  d date;
begin
  alter table skeduler.log_chunks detach partition skeduler.log_chunks_default;
  for d in select distinct day from skeduler.log_chunks_default loop
    execute format('create table if not exists skeduler.log_chunks_%s partition of skeduler.log_chunks for values from (%L) to (%L)',
      to_char(d, 'YYYYMMDD'), d, d + 1);
  end loop;
  insert into skeduler.log_chunks select * from skeduler.log_chunks_default;
  drop table skeduler.log_chunks_default;
end $$;
