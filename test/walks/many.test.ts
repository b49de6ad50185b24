// Two hosts with four stub GPUs each and 200 experiments of mixed sizes and priorities: what the containers saw, in which order
// they were placed, and how long GPUs stood idle while there was work that fits them.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { image, System, type Experiment } from "../support/system.ts";

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
  // Who holds the reservation, and which GPUs are being checked, and when: the rows themselves only know the present.
  await system.query(
    `create table reservations (at timestamptz default clock_timestamp(), experiment_id uuid, host text);
     create function note_reservation() returns trigger language plpgsql as
       $$ begin insert into reservations (experiment_id, host) values (new.experiment_id, new.host); return null; end $$;
     create trigger note after update on skeduler.reservation for each row execute function note_reservation();
     create table checks (host text, since timestamptz, until timestamptz default clock_timestamp());
     create function note_check() returns trigger language plpgsql as
       $$ begin insert into checks (host, since) values (old.host, old.since); return null; end $$;
     create trigger note after delete on skeduler.withheld_gpus for each row execute function note_check()`,
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

/** Shares of all GPUs' time while something that wants GPUs waits. */
interface Idle {
  /** Nobody holds them, and something that fits there waits. */
  readonly fitting: number;
  /** Released, and looked at before they are granted again. */
  readonly checked: number;
  /** Free, and held by the reservation. */
  readonly reserved: number;
}

async function rowsOf<T>(statement: string): Promise<T[]> {
  return (await system.query(statement)).rows as unknown as T[];
}

async function idleShare(runs: readonly Run[]): Promise<Idle> {
  const reservations = await rowsOf<{ at: number; id: string | null; host: string | null }>(
    "select extract(epoch from at)::float8 * 1000 as at, experiment_id::text as id, host from reservations order by at",
  );
  const checks = await rowsOf<{ host: string; since: number; until: number }>(
    "select host, extract(epoch from since)::float8 * 1000 as since, extract(epoch from until)::float8 * 1000 as until from checks",
  );
  const wanting = runs.filter((run) => run.gpus > 0);
  const end = Math.max(...wanting.map((run) => run.placed));
  const start = Math.min(...wanting.map((run) => run.placed));
  const changes = [
    ...runs.flatMap((run) => [run.placed, run.closed]),
    ...reservations.map((one) => one.at),
    ...checks.flatMap((one) => [one.since, one.until]),
  ];
  const moments = [...new Set(changes)].filter((at) => at >= start && at <= end).sort((a, b) => a - b);
  const idle = { fitting: 0, checked: 0, reserved: 0 };
  for (const [n, from] of moments.slice(0, -1).entries()) {
    const share = ((moments[n + 1] ?? from) - from) / (hosts.length * gpusOfHost * (end - start));
    const waiting = wanting.filter((run) => run.placed > from);
    const holder = reservations.findLast((one) => one.at <= from);
    const size = waiting.find((run) => run.id === holder?.id)?.gpus ?? 0;
    for (const host of hosts) {
      const held = runs.filter((run) => run.host === host && run.placed <= from && run.closed > from);
      const free = gpusOfHost - held.reduce((sum, run) => sum + run.gpus, 0);
      const checked = Math.min(free, checks.filter((c) => c.host === host && c.since <= from && c.until > from).length);
      const reserved = holder?.host === host ? Math.min(free - checked, size) : 0;
      const left = free - checked - reserved;
      idle.checked += checked * share;
      idle.reserved += reserved * share;
      if (waiting.some((run) => run.gpus <= left)) idle.fitting += left * share;
    }
  }
  return idle;
}

test("200 of mixed sizes: all finish, no GPU has two holders, no priority is inverted, few GPUs are idle", async (t) => {
  await change("cordoned");
  const asked = Array.from({ length: 200 }, (_, n) => ({
    name: `n${n}`,
    docker: { image, command: `sh -c 'echo $NVIDIA_VISIBLE_DEVICES; sleep ${0.2 + (n % 10) / 20}'` },
    resources: { gpus: sizes[n % sizes.length] },
    priority: (n * 7) % 3,
  }));
  const response = await system.fetch("/experiments", { method: "POST", body: JSON.stringify(asked) });
  const posted = (await response.json()) as Experiment[];
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
  const { fitting, checked, reserved } = await idleShare(runs);
  const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;
  t.diagnostic(
    `GPUs idle though work that fits them waits: ${percent(fitting)}; being checked: ${percent(checked)}; held by the reservation: ${percent(reserved)}`,
  );
  assert.ok(fitting < 0.05, percent(fitting));
});
