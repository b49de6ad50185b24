// What can be seen of an installation, in one statement and in the model's words: experiments and attempts by number, all
// events, and every queue job since the run began.

import { z } from "zod";
import type { Queryable } from "../../runtime/database/pool.ts";

const statement = `
select json_build_object(
  'experiments', (select coalesce(json_agg(json_build_object('id', id, 'status', status, 'attempt', attempt, 'host', host,
      'started', started_at is not null, 'reason', result ->> 'reason', 'retried', retried, 'edited', description <> '0')), '[]') from public.jobs),
  'attempts', (select coalesce(json_agg(json_build_object('id', id, 'experiment', experiment_id, 'number', number, 'host', host, 'epoch', epoch,
      'started', started_at is not null, 'chunks', next_seq, 'closed', closed_at is not null, 'reason', result ->> 'reason',
      'stored', (select count(*) from skeduler.log_chunks c where c.attempt_id = a.id))), '[]') from skeduler.attempts a),
  'hosts', (select json_agg(json_build_object('name', name, 'epoch', epoch, 'clean', clean, 'lost', lost_at is not null,
      'removed', removed, 'trouble', trouble, 'state', state)) from skeduler.hosts),
  'leases', (select coalesce(json_agg(json_build_object('gpu', gpu, 'attempt', attempt_id)), '[]') from skeduler.leases),
  'withheld', (select coalesce(json_agg(json_build_object('gpu', gpu, 'reason', reason)), '[]') from skeduler.withheld_gpus),
  'events', (select coalesce(json_agg(json_build_object('kind', kind, 'experiment', experiment_id, 'host', host, 'actor', actor)), '[]') from skeduler.events),
  'queue', (select coalesce(json_agg(json_build_object('key', key, 'task', task)), '[]') from test_queue)) as seen`;

const row = z.object({
  experiments: z.array(
    z.object({
      id: z.string(),
      status: z.string(),
      attempt: z.number(),
      host: z.string().nullable(),
      started: z.boolean(),
      reason: z.string().nullable(),
      retried: z.number(),
      edited: z.boolean(),
    }),
  ),
  attempts: z.array(
    z.object({
      id: z.string(),
      experiment: z.string(),
      number: z.number(),
      host: z.string(),
      epoch: z.number(),
      started: z.boolean(),
      chunks: z.number(),
      stored: z.number(),
      closed: z.boolean(),
      reason: z.string().nullable(),
    }),
  ),
  hosts: z.array(
    z.object({
      name: z.string(),
      epoch: z.number(),
      clean: z.boolean(),
      lost: z.boolean(),
      removed: z.boolean(),
      trouble: z.string().nullable(),
      state: z.string(),
    }),
  ),
  leases: z.array(z.object({ gpu: z.string(), attempt: z.string() })),
  withheld: z.array(z.object({ gpu: z.string(), reason: z.string().nullable() })),
  events: z.array(
    z.object({ kind: z.string(), experiment: z.string().nullable(), host: z.string().nullable(), actor: z.string() }),
  ),
  queue: z.array(z.object({ key: z.string(), task: z.string() })),
});

/** `ids`: of the experiments, by their number. */
export async function observe(db: Queryable, ids: readonly string[]): Promise<unknown> {
  const { rows } = await db.query(statement);
  const found = row.parse(rows[0]?.["seen"]);
  const experimentOf = (id: string): number => ids.indexOf(id);
  const hostOf = (name: string): number => Number(name.replace("host-", ""));
  const attemptName = new Map(found.attempts.map((a) => [a.id, `${experimentOf(a.experiment)}/${a.number}`]));
  const eventName = ({ kind, experiment, host, actor }: (typeof found.events)[number]): string =>
    experiment === null
      ? `${kind} host ${hostOf(host ?? "")}`
      : `${kind} ${experimentOf(experiment)}${kind === "closed" ? ` by ${actor}` : ""}`;
  const jobName = ({ key, task }: (typeof found.queue)[number]): string => {
    const [, of = "", further = ""] = key.split("/");
    if (key === "place-experiments") return "place";
    if (key.startsWith("place-experiments/")) return `place ${experimentOf(of)} later`;
    if (key.startsWith("start-experiment/")) return `start ${attemptName.get(of) ?? "?"}`;
    if (key.startsWith("stop-group/")) return `stop group on ${hostOf(of)}${further === "" ? " ?" : ""}`;
    return task.startsWith("stop-experiment/") ? `stop ${experimentOf(of)}` : `${task} ${key}`;
  };
  return {
    experiments: found.experiments
      .map(({ id, host, ...rest }) => ({ id: experimentOf(id), host: host === null ? null : hostOf(host), ...rest }))
      .sort((a, b) => a.id - b.id),
    attempts: found.attempts
      .map(({ id, experiment, host, stored, ...rest }) => ({
        experiment: experimentOf(experiment),
        host: hostOf(host),
        ...rest,
        chunks: stored === rest.chunks ? stored : -1,
        ...(id === "" && { id }),
      }))
      .sort((a, b) => a.experiment - b.experiment || a.number - b.number),
    hosts: found.hosts.map(({ name, ...rest }) => ({ id: hostOf(name), ...rest })).sort((a, b) => a.id - b.id),
    leases: found.leases.map(({ gpu, attempt }) => `${gpu} ${attemptName.get(attempt) ?? "?"}`).sort(),
    withheld: found.withheld.map(({ gpu, reason }) => `${gpu} ${reason ?? "to be checked"}`).sort(),
    events: found.events.map(eventName).sort(),
    queue: found.queue
      .map(jobName)
      .filter((job, at, all) => job !== "place" || all.indexOf(job) === at)
      .sort(),
  };
}
