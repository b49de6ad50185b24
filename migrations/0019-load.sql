-- Why: who looks at a host wants to see how busy it is. It comes with each heartbeat and is not indexed: the row stays narrow, its updates HOT.

alter table skeduler.heartbeats add column load jsonb;
