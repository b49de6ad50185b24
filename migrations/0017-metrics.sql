-- Why: metrics of experiments: what their containers and GPUs take, sampled by the runner, and what programs print. A row is many samples:
-- `data` holds their values, a sample after the other, each with one value (or null) per name. Partitioned as the logs are, by the
-- attempt's day, so that they go with them.

create table skeduler.metric_chunks (
  day date not null,
  attempt_id uuid not null,
  -- Printed: `seq` is that of the chunk of log in which the lines stand. Sampled: the time of the first sample.
  printed boolean not null,
  seq bigint not null,
  -- Ms since 1970, the first and the last of `times`.
  first_time bigint not null,
  last_time bigint not null,
  names text[] not null,
  times bigint[] not null,
  -- What the program said its step was, one per sample; null: it never did.
  steps double precision[],
  data double precision[] not null,
  primary key (attempt_id, printed, seq, day)
) partition by range (day);

do $$
declare
  d date;
begin
  for d in select to_date(substring(relname from 12), 'YYYYMMDD') from pg_class
            where relnamespace = 'skeduler'::regnamespace and relkind = 'r' and relname ~ '^log_chunks_\d{8}$' loop
    execute format('create table skeduler.metric_chunks_%s partition of skeduler.metric_chunks for values from (%L) to (%L)',
      to_char(d, 'YYYYMMDD'), d, d + 1);
  end loop;
end $$;
