-- Why: whoever follows the events must be able to come back without missing one. `id` is taken at the insert but seen at the
-- commit, so a lower one can appear after a higher one was read. The transaction's own number says more: below the oldest
-- transaction that still runs nothing can appear any more. (xid, id) is an event's place for good.

alter table skeduler.events drop constraint events_pkey;
alter table skeduler.events add column xid xid8 not null default pg_current_xact_id();
alter table skeduler.events add primary key (xid, id);
