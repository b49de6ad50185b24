-- Why: placement looks at all that waits, however much that is, by its kinds: what has the same owner, priority, wishes and
-- time limit is alike, so where the first of a kind has to wait, the others need not be read. This index has the kinds in order, and
-- each one's line; it stands in for the two that the line had before. The hash must be the one in statements/line.ts.

create index jobs_line_index on public.jobs (
  coalesce(owner, ''), (-priority), hashtextextended(coalesce(time_limit, ''), jsonb_hash_extended(resources, 0)), enqueued_at, seq
) where status = 'ENQUEUED';
drop index public.jobs_owners_index;
drop index public.jobs_waiting_index;

-- And what a host gives to one container at most, so that nothing is placed where it would be refused; null: all that the host has.
alter table skeduler.hosts
  add column most_cpus double precision,
  add column most_memory_bytes bigint;
