// How well and how fast the scheduler places: a production cluster's trace, replayed through the pure module, against plain
// first-in-first-out and against best fit without reservations. Needs the trace's folder (Alibaba's cluster-trace-gpu-v2023:
// openb_node_list_gpu_node.csv and openb_pod_list_default.csv): node bench/scheduler.ts FOLDER [SHARE] [SPEED], or
// BENCH_TRACE=FOLDER npm run bench -- scheduler
// SHARE: every SHAREth node of the cluster is used (64), and SPEED: tasks arrive so many times as fast (2), so that
// there is something to wait for: on the whole cluster nothing of this trace ever waits.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Assignment, Holding, Host, Request, Reservation } from "../runtime/scheduler/model.ts";
import { Pass } from "../runtime/scheduler/pass.ts";
import { incapable, lacking, needOf, pick, Room } from "../runtime/scheduler/room.ts";
import { quantile, report } from "./frame/figure.ts";

const [folder = process.env["BENCH_TRACE"], share = "64", speed = "2"] = process.argv.slice(2);
if (folder === undefined) {
  process.stdout.write(
    "bench scheduler needs a trace: BENCH_TRACE=FOLDER, holding openb_node_list_gpu_node.csv and openb_pod_list_default.csv\n",
  );
  process.exit();
}

function csv(name: string): Record<string, string>[] {
  const [head = "", ...lines] = readFileSync(join(folder ?? "", name), "utf8")
    .trim()
    .split("\n");
  const keys = head.trim().split(",");
  return lines.map((line) =>
    Object.fromEntries(
      line
        .trim()
        .split(",")
        .map((cell, n) => [keys[n] ?? "", cell]),
    ),
  );
}

interface Task {
  readonly request: Request;
  readonly arrives: number;
  /** Ms. */
  readonly length: number;
}

const mib = 1024 ** 2;
const number = (row: Record<string, string>, key: string): number => Number(row[key]);
const nodes = csv("openb_node_list_gpu_node.csv");

function hostsOf(rows: readonly Record<string, string>[]): Host[] {
  return rows.map((row, index) => ({
    name: row["sn"] ?? "",
    labels: [],
    slots: 1000,
    cpus: number(row, "cpu_milli") / 1000,
    memoryBytes: number(row, "memory_mib") * mib,
    gpus: Array.from({ length: number(row, "gpu") }, (_, n) => ({
      uuid: `${index}-${n}`,
      model: row["model"] ?? "",
      memoryBytes: 16 * 1024 * mib,
    })),
    withheld: [],
    checking: [],
    holdings: [],
    closed: undefined,
  }));
}

// One in two has a limit, one to three times what it takes. A share of a GPU counts as a whole one: we do not divide them.
const tasks: Task[] = csv("openb_pod_list_default.csv")
  .filter((row) => row["scheduled_time"] !== "" && row["deletion_time"] !== "")
  .map((row, n) => {
    const length = Math.max(1, number(row, "deletion_time") - number(row, "scheduled_time")) * 1000;
    return {
      arrives: (number(row, "creation_time") * 1000) / Number(speed),
      length,
      request: {
        id: row["name"] ?? "",
        owner: "",
        priority: 0,
        enqueuedAt: number(row, "creation_time") * 1000,
        seq: n,
        gpus: number(row, "num_gpu"),
        gpuModel: undefined,
        gpuMemoryBytes: undefined,
        cpus: number(row, "cpu_milli") / 1000,
        memoryBytes: number(row, "memory_mib") * mib,
        hosts: [],
        timeLimit: n % 2 === 0 ? length * (1 + (n % 5) / 2) : undefined,
      },
    };
  })
  .sort((a, b) => a.arrives - b.arrives);

type Policy = (hosts: readonly Host[], line: readonly Request[], now: number) => readonly Assignment[];
const defaultExpected = 3_600_000;
const lookahead = 1000;

function ours(): Policy {
  let before: Reservation | undefined;
  return (hosts, line, now) => {
    const pass = new Pass({ hosts, now, defaultExpected, before });
    for (const request of line.slice(0, lookahead)) pass.consider(request);
    before = pass.reservation;
    return pass.assignments;
  };
}

/** Best fit by GPUs left; with `skip`, who does not fit is passed over, else the line stops there. */
function plain(skip: boolean): Policy {
  return (hosts, line) => {
    const rooms = hosts.map((host) => Room.beside(host, host.holdings));
    const assignments: Assignment[] = [];
    for (const request of line.slice(0, lookahead)) {
      let best: Room | undefined;
      for (const room of rooms) {
        const fits = incapable(request, room.host) === undefined && lacking(request, room) === undefined;
        if (fits && (best === undefined || room.gpus.length < best.gpus.length)) best = room;
      }
      if (best === undefined) {
        if (skip) continue;
        break;
      }
      const gpus = pick(request, best) ?? [];
      best.take(needOf(request, best.host), gpus);
      assignments.push({ experimentId: request.id, host: best.host.name, gpus: gpus.map((gpu) => gpu.uuid) });
    }
    return assignments;
  };
}

function replay(name: string, policy: Policy): void {
  const hosts = hostsOf(nodes.filter((_, index) => index % Number(share) === 0));
  const byName = new Map(hosts.map((host) => [host.name, host]));
  const capable = tasks.filter((task) => hosts.some((host) => incapable(task.request, host) === undefined));
  const byId = new Map(capable.map((task) => [task.request.id, task]));
  const running: { host: string; holding: Holding; ends: number }[] = [];
  const held = new Map<string, Holding[]>();
  let line: Request[] = [];
  const waits: number[] = [];
  const large: number[] = [];
  let [next, gpuTime, waitingTime, idleTime, passes, spent] = [0, 0, 0, 0, 0, 0];
  const gpus = hosts.reduce((sum, host) => sum + host.gpus.length, 0);
  const start = capable[0]?.arrives ?? 0;
  for (let now = start; next < capable.length || line.length > 0;) {
    for (let index = running.length - 1; index >= 0; index--) {
      const one = running[index];
      if (one === undefined || one.ends > now) continue;
      running.splice(index, 1);
      held.set(
        one.host,
        (held.get(one.host) ?? []).filter((holding) => holding !== one.holding),
      );
    }
    for (let task = capable[next]; task !== undefined && task.arrives <= now; task = capable[++next])
      line.push(task.request);
    const current = hosts.map((host) => ({ ...host, holdings: held.get(host.name) ?? [] }));
    const from = performance.now();
    const assignments = line.length === 0 ? [] : policy(current, line, now);
    spent += performance.now() - from;
    passes += 1;
    const placed = new Set(assignments.map((one) => one.experimentId));
    line = line.filter((request) => !placed.has(request.id));
    for (const { experimentId, host: where, gpus: granted } of assignments) {
      const task = byId.get(experimentId);
      const host = byName.get(where);
      if (task === undefined || host === undefined) throw new Error("an assignment names nobody");
      const need = needOf(task.request, host);
      const endsAt = now + (task.request.timeLimit ?? defaultExpected);
      const holding = {
        owner: "",
        since: now,
        certain: task.request.timeLimit !== undefined,
        gpus: granted,
        cpus: need.cpus,
        memoryBytes: need.memoryBytes,
        endsAt,
      };
      running.push({ host: where, holding, ends: now + task.length });
      held.set(where, [...(held.get(where) ?? []), holding]);
      waits.push(now - task.arrives);
      if (need.gpus >= 8) large.push(now - task.arrives);
    }
    const busy = running.reduce((sum, one) => sum + one.holding.gpus.length, 0);
    const wanted = line.reduce((sum, request) => sum + (request.gpus ?? 0), 0);
    // The next thing that happens: an end, where somebody waits for one, or an arrival.
    const arrival = capable[next]?.arrives ?? Infinity;
    const then = line.length === 0 ? arrival : running.reduce((first, one) => Math.min(first, one.ends), arrival);
    if (wanted > 0 && Number.isFinite(then)) {
      waitingTime += gpus * (then - now);
      gpuTime += busy * (then - now);
      idleTime += Math.min(gpus - busy, wanted) * (then - now);
    }
    if (!Number.isFinite(then)) break;
    now = then;
  }
  const minutes = (ms: number): string => (ms / 60_000).toFixed(0).padStart(7);
  process.stdout.write(
    `${name.padEnd(28)} ${((100 * gpuTime) / Math.max(1, waitingTime)).toFixed(1).padStart(6)} % ${((100 * idleTime) / Math.max(1, waitingTime)).toFixed(1).padStart(6)} %` +
      `${minutes(quantile(waits, 0.5))} ${minutes(quantile(waits, 0.95))} ${minutes(quantile(large, 0.95))} ${minutes(Math.max(...waits))}   ${(spent / passes).toFixed(2)} ms\n`,
  );
}

process.stdout.write(
  `${tasks.length} tasks on every ${share}th of ${nodes.length} nodes; while GPUs are waited for: busy, idle though wanted; waits in minutes\n` +
    `${"policy".padEnd(28)} ${"busy".padStart(8)} ${"idle".padStart(8)}  median     p95  p95 8+     max   a pass\n`,
);
replay("skeduler", ours());
replay("best fit, no reservation", plain(true));
replay("first in, first out", plain(false));

/**
 * Tasks drawn from the trace come to the empty cluster, and stay, until they have asked for as many GPUs as it has; who does not
 * fit is turned away. The share of GPUs that then nobody has, %: what is left in pieces too small for those that came.
 */
function leftOver(random: () => number, place: (request: Request) => readonly string[] | undefined): number {
  const all = nodes.reduce((sum, node) => sum + number(node, "gpu"), 0);
  let [asked, taken] = [0, 0];
  for (let n = 0; asked < all; n++) {
    const { request } = tasks[Math.floor(random() * tasks.length)] ?? {};
    if (request === undefined) continue;
    asked += request.gpus ?? 0;
    taken += place({ ...request, id: String(n), timeLimit: undefined })?.length ?? 0;
  }
  return (100 * (all - taken)) / all;
}

/** The same draws for each policy. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

function fits(choose: (a: Room, b: Room) => boolean): (request: Request) => readonly string[] | undefined {
  const rooms = hostsOf(nodes).map((host) => Room.beside(host, []));
  return (request) => {
    let best: Room | undefined;
    for (const room of rooms)
      if (room.gpus.length >= needOf(request, room.host).gpus && lacking(request, room) === undefined)
        if (best === undefined || choose(room, best)) best = room;
    if (best === undefined) return undefined;
    const gpus = pick(request, best) ?? [];
    best.take(needOf(request, best.host), gpus);
    return gpus.map((gpu) => gpu.uuid);
  };
}

function packing(): (request: Request) => readonly string[] | undefined {
  const pass = new Pass({ hosts: hostsOf(nodes), now: 0, defaultExpected });
  return (request) => pass.consider(request)?.gpus;
}

const fills: Record<string, () => (request: Request) => readonly string[] | undefined> = {
  skeduler: packing,
  "most GPUs left first": () => fits((a, b) => a.gpus.length > b.gpus.length),
  "first fit": () => fits(() => false),
};
for (const [name, start] of Object.entries(fills))
  report({
    name: `GPUs left over when as many were asked for as there are, ${name}`,
    unit: "%",
    values: [1, 2, 3].map((seed) => leftOver(seeded(seed), start())),
  });

// Speed: every node empty, 100,000 waiting; then one more while all is full.
const line = Array.from({ length: 100_000 }, (_, n): Request => {
  const { request } = tasks[n % tasks.length] ?? { request: undefined };
  if (request === undefined) throw new Error("the trace is empty");
  return { ...request, id: String(n) };
});
const from = performance.now();
const pass = new Pass({ hosts: hostsOf(nodes.slice(0, 1200)), now: Date.now(), defaultExpected });
for (const request of line) pass.consider(request);
const seconds = (performance.now() - from) / 1000;
report({
  name: `decisions on 1,200 nodes (${line.length}, ${pass.assignments.length} of them placed)`,
  unit: "a second",
  values: [line.length / seconds],
});
