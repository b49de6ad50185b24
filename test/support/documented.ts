// A database as the documented statements make it, without Skeduler: eight experiments, two of each status.

export const documented = `
  CREATE TYPE job_status AS ENUM ('ENQUEUED', 'RUNNING', 'FINISHED', 'CANCELLED');
  CREATE TABLE jobs (
      id uuid default gen_random_uuid() not null primary key,
      name text not null, description text not null,
      docker_image text not null, docker_command text not null, docker_environment jsonb not null,
      created_at timestamp with time zone default CURRENT_TIMESTAMP not null,
      updated_at timestamp with time zone default CURRENT_TIMESTAMP not null,
      status job_status default 'ENQUEUED'::job_status not null,
      metadata json);
  CREATE INDEX jobs_status_index ON jobs (status, created_at);
  INSERT INTO jobs (name, description, docker_image, docker_command, docker_environment, created_at, status, metadata)
    SELECT 'n' || n, '', 'i', 'c', '{"A": 1}', '2020-01-01T00:00:00Z'::timestamptz - n * interval '1 day',
           (enum_range(null::job_status))[1 + n % 4], '{"b":1,  "a":2}' FROM generate_series(1, 8) n;`;
