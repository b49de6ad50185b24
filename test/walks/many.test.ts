// Two hosts with four stub GPUs each and 200 experiments of mixed sizes and priorities: what the containers saw, in which order
// they were placed, and how long GPUs stood idle while there was work that fits them.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { System, type Experiment } from "../support/system.ts";

const hosts = ["left", "right"];
const gpusOfHost = 4;
/** GPUs that each tenth asks for. */
const sizes = [1, 1, 1, 2, 0, 4, 1, 2, 3, 1];

let system: System;
before(async () => {
  system = await System.start();
  for (const host of hosts) {
    process.env["STUB_OTHER_GPUS"] = process.env["STUB_GPUS"];
    process.env["STUB_GPUS"] = Array.from({ length: gpusOfHost }, (_, n) => `${n}, GPU-${host}-${n}, A100, 40960`).join(
      "\n",
    );
    await system.addRunner(host, { SKEDULER_RUNNER_SLOTS: "8", SKEDULER_RUNNER_STOP_GRACE: "1s" });
  }
  // Who holds the reservation, and when: the row itself only knows the present.
  await system.query(
    `create table history (at timestamptz default clock_timestamp(), experiment_id uuid, host text);
     create function keep_history() returns trigger language plpgsql as
       $$ begin insert into history (experiment_id, host) values (new.experiment_id, new.host); return null; end $$;
     create trigger keep_history after update on skeduler.reservation for each row execute function keep_history()`,
  );
});
after(async () => system[Symbol.asyncDispose]());

async function change(state: "cordoned" | "active"): Promise<void> {
  for (const host of hosts) await system.fetch(`/hosts/${host}`, { method: "PUT", body: JSON.stringify({ state }) });
}

interface Run {
  readonly id: string;
  /** In the line, when none of them had been placed. */
  readonly turn: number;
  readonly gpus: number;
  readonly host: string;
  /** Ms since the epoch. */
  readonly placed: number;
  readonly closed: number;
}

async function runsOf(posted: readonly Experiment[]): Promise<Run[]> {
  const { rows } = await system.query(
    `select j.id::text as id, row_number() over (order by j.priority desc, j.enqueued_at, j.seq)::int as turn, cardinality(a.gpus) as gpus, a.host,
            extract(epoch from a.placed_at)::float8 * 1000 as placed, extract(epoch from a.closed_at)::float8 * 1000 as closed
       from skeduler.attempts a join jobs j on j.id = a.experiment_id where j.id = any($1)`,
    [posted.map((one) => one.id)],
  );
  return rows as unknown as Run[];
}

/** Who was placed though another stood before it in the line, waited, and asked for no more: it could have had that very place. */
function inversions(runs: readonly Run[]): string[] {
  const found: string[] = [];
  for (const late of runs)
    for (const early of runs) {
      const inverted = late.turn < early.turn && late.gpus <= early.gpus && late.placed > early.placed;
      if (inverted) found.push(`${early.id} before ${late.id}`);
    }
  return found;
}

interface Idle {
  /** Shares of all GPUs' time while something that wants GPUs waits. */
  readonly fitting: number;
  readonly reserved: number;
}

/** GPUs that nobody held: apart from those that the reservation holds, where something that would fit there waits. */
async function idleShare(runs: readonly Run[]): Promise<Idle> {
  const { rows } = await system.query(
    "select extract(epoch from at)::float8 * 1000 as at, experiment_id::text as id, host from history order by at",
  );
  const reservations = rows as unknown as { at: number; id: string | null; host: string | null }[];
  const wanting = runs.filter((run) => run.gpus > 0);
  const end = Math.max(...wanting.map((run) => run.placed));
  const start = Math.min(...wanting.map((run) => run.placed));
  const moments = [
    ...new Set([...runs.flatMap((run) => [run.placed, run.closed]), ...reservations.map((one) => one.at)]),
  ]
    .filter((at) => at >= start && at <= end)
    .sort((a, b) => a - b);
  let [fitting, reserved] = [0, 0];
  for (const [n, from] of moments.slice(0, -1).entries()) {
    const length = (moments[n + 1] ?? from) - from;
    const waiting = wanting.filter((run) => run.placed > from);
    const holder = reservations.findLast((one) => one.at <= from);
    const size = waiting.find((run) => run.id === holder?.id)?.gpus ?? 0;
    for (const host of hosts) {
      const held = runs.filter((run) => run.host === host && run.placed <= from && run.closed > from);
      const free = gpusOfHost - held.reduce((sum, run) => sum + run.gpus, 0);
      const kept = holder?.host === host ? Math.min(free, size) : 0;
      reserved += kept * length;
      if (waiting.some((run) => run.gpus <= free - kept)) fitting += (free - kept) * length;
    }
  }
  const all = hosts.length * gpusOfHost * (end - start);
  return { fitting: fitting / all, reserved: reserved / all };
}

test("200 of mixed sizes: all finish, no GPU has two holders, no priority is inverted, few GPUs are idle", async (t) => {
  await change("cordoned");
  const posted = await Promise.all(
    Array.from({ length: 200 }, async (_, n) =>
      system.postScript(`echo $NVIDIA_VISIBLE_DEVICES; sleep ${0.4 + (n % 10) / 10}`, {
        resources: { gpus: sizes[n % sizes.length] },
        priority: (n * 7) % 3,
      }),
    ),
  );
  await change("active");
  const held = new Map<string, { from: string; to: string }[]>();
  for (const { id, resources } of posted) {
    const { status, result, started_at: from, ended_at: to } = await system.ended(id);
    assert.deepEqual([status, result?.exit_code], ["FINISHED", 0]);
    assert.ok(from !== null && to !== null);
    const text = (await system.log(id, "?stream=stdout")).toString().trim();
    const uuids = text === "void" ? [] : text.split(",");
    assert.equal(uuids.length, resources["gpus"]);
    for (const uuid of uuids) held.set(uuid, [...(held.get(uuid) ?? []), { from, to }]);
  }
  assert.equal(held.size, hosts.length * gpusOfHost);
  for (const [uuid, spans] of held) {
    const inOrder = spans.toSorted((a, b) => (a.from < b.from ? -1 : 1));
    inOrder.slice(1).forEach((span, n) => assert.ok((inOrder[n]?.to ?? "") <= span.from, `${uuid} had two holders`));
  }
  const runs = await runsOf(posted);
  assert.deepEqual(inversions(runs), []);
  const { fitting, reserved } = await idleShare(runs);
  const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;
  t.diagnostic(
    `GPUs idle though work that fits them waits: ${percent(fitting)}; held by the reservation: ${percent(reserved)}`,
  );
  assert.ok(fitting < 0.05, percent(fitting));
});
