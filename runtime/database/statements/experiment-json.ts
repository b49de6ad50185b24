// An experiment on the wire, built by SQL: JavaScript would lose metadata's key order and numbers beyond 2^53.
// Expects a row of jobs as `j` and its latest attempt, if any, as `a`.

const time = (column: string): string => `to_char(${column} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`;

/** The expression; its type is json. */
export const experimentJson = `json_build_object(
  'id', j.id, 'name', j.name, 'description', j.description,
  'docker', case when j.docker_options = '{}'
    then json_build_object('image', j.docker_image, 'command', j.docker_command, 'environment', j.docker_environment)
    else (jsonb_build_object('image', j.docker_image, 'command', j.docker_command, 'environment', j.docker_environment)
      || j.docker_options)::json end,
  'created_at', ${time("j.created_at")}, 'updated_at', ${time("j.updated_at")},
  'status', j.status, 'metadata', j.metadata, 'resources', j.resources, 'priority', j.priority,
  'time_limit', j.time_limit, 'time_limit_warning', j.time_limit_warning, 'retries', j.retries, 'retried', j.retried, 'not_before', ${time("j.not_before")},
  'after', j.after, 'group', j.group_id, 'combination', j.combination, 'owner', j.owner, 'host', j.host,
  'started_at', ${time("j.started_at")}, 'ended_at', ${time("j.ended_at")}, 'result', j.result,
  'attempt', case when a.id is null then null else json_build_object(
    'number', a.number, 'id', a.id, 'host', a.host, 'gpus', a.gpus, 'placed_at', ${time("a.placed_at")},
    'started_at', ${time("a.started_at")}, 'ended_at', ${time("a.ended_at")}, 'closed_at', ${time("a.closed_at")},
    'output', a.output, 'log_expired_at', ${time("a.log_expired_at")}, 'result', a.result) end)::text`;

/** Joins the latest attempt of `j` as `a`. */
export const latestAttempt = "left join skeduler.attempts a on a.experiment_id = j.id and a.number = j.attempt";
