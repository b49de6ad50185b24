// A notification as JSON built by SQL: what its target is sent, and what the API shows of it.
// Expects a row of notifications as `n`, its experiment as `j`, and in what is sent its attempt, if any, as `a`.

import { rfc3339 } from "../rfc3339.ts";

/** The experiment as it was when its status changed; name and metadata are today's. */
export const deliveredJson = `json_build_object(
  'id', j.id, 'name', j.name, 'description', j.description, 'owner', j.owner, 'group', j.group_id,
  'status', n.status, 'host', n.change -> 'host', 'gpus', coalesce(a.gpus, '{}'), 'attempt', n.attempt, 'retried', n.change -> 'retried',
  'created_at', ${rfc3339("j.created_at")}, 'started_at', n.change -> 'started_at', 'ended_at', n.change -> 'ended_at',
  'result', n.change -> 'result', 'metadata', j.metadata)::text`;

/** A notification on the wire. */
export const notificationJson = `json_build_object(
  'id', n.id, 'target', n.target, 'experiment', n.experiment_id, 'name', j.name, 'status', n.status, 'attempt', n.attempt,
  'state', n.state, 'tries', n.tries, 'error', n.error, 'created_at', ${rfc3339("n.created_at")},
  'next_try_at', case when n.state = 'waiting' then ${rfc3339("n.due_at")} end, 'settled_at', ${rfc3339("n.settled_at")})::text`;
