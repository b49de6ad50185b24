// What must not be left once everything has ended: containers of ours, leases, locks, sessions, queue jobs, temporary files; and
// what must still be there: the containers of others.

import { readdirSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Observer } from "./observer.ts";
import type { World } from "./world.ts";

/** Sweeps come every 30 s, heartbeats every 5 s; a session whose client is gone ends with its connection. */
const patience = 60_000;
/** Sessions at most: three of each runner; 10 + 3 + 1 of each API, and one that listens for the queue. */
const sessions = 2 * 3 + 2 * 15;

/** A container of nobody, and two that look a little like ours: of another installation, of another host. */
export async function placeForeign(world: World, installation: string): Promise<void> {
  const others = "00000000-0000-4000-8000-000000000000";
  const looks: Record<string, string>[] = [
    {},
    { "skeduler.installation": others, "skeduler.host": "alpha", "skeduler.attempt": others },
    { "skeduler.installation": installation, "skeduler.host": "gamma", "skeduler.attempt": others },
  ];
  for (const Labels of looks) {
    const container = await world.engine.docker.createContainer({
      Image: "skeduler-sample:local",
      Cmd: ["sh", "-c", "trap 'exit 0' TERM; while :; do sleep 1; done"],
      Labels,
    });
    await container.start();
    world.foreign.add(container.id);
  }
}

/** Waits until nothing is left, then says what is. */
export async function checkLeaks(world: World, observer: Observer): Promise<void> {
  const end = Date.now() + patience;
  let left = await leaks(world, observer);
  while (left.length > 0 && Date.now() < end) {
    await sleep(1_000);
    left = await leaks(world, observer);
  }
  world.findings.count("leaks", left.length);
  world.findings.count("notices", world.receiver.got.size);
  world.findings.count("notices repeated", [...world.receiver.got.values()].filter((times) => times > 1).length);
  for (const leak of left) world.findings.violated("nothing is left", leak);
}

async function leaks(world: World, observer: Observer): Promise<string[]> {
  const left: string[] = [];
  const containers = await observer.containers();
  if (containers === undefined) return ["the Engine does not answer"];
  for (const { id, attempt } of containers) left.push(`the container ${id} of attempt ${attempt}`);
  for (const id of world.foreign) {
    const state = await world.engine.docker
      .getContainer(id)
      .inspect()
      .catch(() => undefined);
    if (state?.State.Running !== true) left.push(`a stop: the container of others ${id} does not run any more`);
  }
  for (const [what, text] of Object.entries(queries)) {
    const rows = await observer.query<{ what: string }>(text);
    if (rows === undefined) left.push("Postgres does not answer");
    for (const row of rows ?? []) left.push(`${what}: ${row.what}`);
  }
  const sent = await observer.query<{ id: string }>(
    "select id::text as id from skeduler.notifications where state = 'sent'",
  );
  for (const { id } of sent ?? []) if (!world.receiver.got.has(id)) left.push(`a notice that nobody got: ${id}`);
  const files = readdirSync(world.temporary).map((name) => join(world.temporary, name));
  const memories = readdirSync(join(world.folder, "data", "hosts")).filter((name) => name.endsWith(".new"));
  left.push(...[...files, ...memories].map((name) => `the temporary file ${name}`));
  return left;
}

const mine = "datname = current_database() and application_name not like 'chaos%' and backend_type = 'client backend'";

const queries: Readonly<Record<string, string>> = {
  lease: "select gpu as what from skeduler.leases",
  "withheld GPU": "select gpu as what from skeduler.withheld_gpus",
  reservation: "select experiment_id::text as what from skeduler.reservation where experiment_id is not null",
  "notice not sent":
    "select state || ' ' || coalesce(error, '') as what from skeduler.notifications where state <> 'sent'",
  "open attempt": "select id::text as what from skeduler.attempts where closed_at is null",
  "advisory lock": `select application_name || ' ' || left(query, 60) as what from pg_locks join pg_stat_activity using (pid)
     where locktype = 'advisory' and ${mine} and now() - state_change > interval '5 s'`,
  "idle transaction": `select application_name || ' ' || left(query, 60) as what from pg_stat_activity
     where state like 'idle in transaction%' and ${mine} and now() - state_change > interval '2 s'`,
  sessions: `select count(*) || ' of them' as what from pg_stat_activity where ${mine} having count(*) > ${sessions}`,
  "queue job": `select format('%s, try %s of %s, due %s ago, locked %s ago by %s (which beat %s ago): %s', t.identifier, j.attempts, j.max_attempts,
            now() - j.run_at, now() - j.locked_at, j.locked_by, now() - w.seen_at, j.last_error) as what
       from graphile_worker._private_jobs j left join skeduler.queue_workers w on w.pool_id = j.locked_by
       join graphile_worker._private_tasks t on t.id = j.task_id where t.identifier <> 'keep-house' and j.run_at < now() - interval '2 s'`,
};
