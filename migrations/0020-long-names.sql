-- Why: an index takes 2,704 bytes and a name may have more, which POST answered as an inner error. 0004 and 0010 make the indexes
-- so from the start now, so that a table with such names can be adopted; where they were made before, they are made anew.
do $$
begin
  if exists (select from pg_indexes where schemaname = 'public' and indexname = 'jobs_name_index' and indexdef like '%(name, seq)') then
    drop index public.jobs_name_index;
    create index jobs_name_index on public.jobs (left(name, 200), seq);
    drop index public.jobs_finished_index;
    create index jobs_finished_index on public.jobs (left(name, 200), ended_at) where status = 'FINISHED';
  end if;
end $$;
