-- Why: what a container writes while Docker is away is lost where it ends in that time, and its log has to say so. Who noticed
-- that Docker went away may be gone itself when Docker is back.

alter table skeduler.attempts
  -- Since when its running container could not be followed because Docker was away; null: it is followed.
  add column interrupted_at timestamptz;
