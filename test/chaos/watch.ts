// The invariants that hold at every moment, looked at once a second: one container per attempt and start, GPUs held once, leases
// only of what is open, cancelled containers dead in time, runners that adopt in time, logs that flow, no session that sits
// on a transaction, nothing closed that changes.

import { setTimeout as sleep } from "node:timers/promises";
import type { Ledger } from "./ledger.ts";
import { Obligations, type Owed } from "./obligations.ts";
import type { AttemptRow, ContainerRow, Observer } from "./observer.ts";
import type { Service } from "./service.ts";
import { grace, type World } from "./world.ts";

const lookEvery = 1_000;
/** Runners compare what runs with what should this often, ms, at least. */
const sweepEvery = 30_000;
/** A session that sits on a transaction holds locks for everybody. */
const idleLimit = 15_000;

export class Watch {
  readonly #world: World;
  readonly #observer: Observer;
  readonly #ledger: Ledger;
  readonly #obligations: Obligations;
  /** Runner's process → attempts that it said it adopted. */
  readonly #adopted = new Map<string, Set<string>>();
  /** Attempt → the container that it was seen with, and whether that was seen to run. */
  readonly #containerOf = new Map<string, { readonly id: string; readonly created: number; readonly ran: boolean }>();
  readonly #closed = new Map<string, string>();

  constructor(world: World, observer: Observer, ledger: Ledger) {
    this.#world = world;
    this.#observer = observer;
    this.#ledger = ledger;
    this.#obligations = new Obligations(world.findings, world.health);
    world.listeners.push((service, line) => {
      if (line.msg === "a running container was adopted" && line.attempt !== undefined)
        this.#adoptedBy(service).add(line.attempt);
    });
  }

  /** Until the signal aborts. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.#look();
      await sleep(lookEvery, undefined, { signal }).catch(() => undefined);
    }
  }

  #adoptedBy(service: Service): Set<string> {
    const key = `${service.name}/${service.startedAt}`;
    const known = this.#adopted.get(key) ?? new Set();
    this.#adopted.set(key, known);
    return known;
  }

  async #look(): Promise<void> {
    // Containers first: what is started after the rows were read would else look like a stray.
    const [containers, open] = [await this.#observer.containers(), await this.#observer.openAttempts()];
    if (containers === undefined || open === undefined) return;
    this.#checkContainers(containers);
    this.#checkGpus(containers, open);
    this.#obligations.update([
      ...this.#cancels(containers, open),
      ...this.#adoptions(containers, open),
      ...this.#strays(containers, open),
      ...this.#flow(containers, open),
      ...(await this.#sessions()),
    ]);
    await this.#checkLeases();
    await this.#checkClosed();
  }

  #checkContainers(containers: readonly ContainerRow[]): void {
    for (const { attempt, id, created, running } of containers) {
      const before = this.#containerOf.get(attempt);
      const another = before !== undefined && before.id !== id;
      // Docker, killed in the midst of a start, may never be able to start that container.
      const outage = this.#world.outages.some(({ to }) => to > (before?.created ?? 0));
      if (another && (before.ran || !outage))
        this.#world.findings.violated("one container an attempt", `attempt ${attempt} had ${before.id} and now ${id}`);
      this.#containerOf.set(attempt, { id, created, ran: running || (!another && before?.ran === true) });
    }
  }

  #checkGpus(containers: readonly ContainerRow[], open: readonly AttemptRow[]): void {
    const running = new Set(containers.filter((one) => one.running).map((one) => one.attempt));
    const holders = new Map<string, string>();
    for (const { id, host, gpus } of open) {
      if (!running.has(id)) continue;
      for (const gpu of gpus) {
        const other = holders.get(`${host}/${gpu}`);
        if (other !== undefined)
          this.#world.findings.violated("a GPU is held once", `${gpu} of ${host} by ${other} and ${id}`);
        holders.set(`${host}/${gpu}`, id);
      }
    }
  }

  /** Cancelled, and its container still runs. */
  #cancels(containers: readonly ContainerRow[], open: readonly AttemptRow[]): Owed[] {
    const unwanted = new Map(open.filter((one) => !one.wanted).map((one) => [one.id, one]));
    return containers
      .filter((one) => one.running && unwanted.has(one.attempt))
      .map(({ attempt, host }) => ({
        name: "cancelled containers are dead within grace + 5 s",
        key: attempt,
        parts: this.#world.partsOf(host),
        limit: grace + 5_000,
        what: `the container of the cancelled attempt ${attempt} runs on ${host}`,
      }));
  }

  /** Running since before the runner's start, and not yet in its hands. */
  #adoptions(containers: readonly ContainerRow[], open: readonly AttemptRow[]): Owed[] {
    const running = new Set(containers.filter((one) => one.running).map((one) => one.attempt));
    return this.#world.runners.flatMap((runner) => {
      const adopted = this.#adoptedBy(runner);
      const parts = this.#world.partsOf(runner.name).filter((part) => part !== runner.name);
      return open
        .filter(({ id, host }) => host === runner.name && running.has(id) && !adopted.has(id))
        .filter(({ started_at: started }) => started !== null && started.getTime() < runner.startedAt)
        .map(({ id }) => ({
          name: "running containers are adopted within 10 s",
          key: `${runner.startedAt}/${id}`,
          parts: runner.paused ? [...parts, runner.name] : parts,
          limit: 10_000 + this.#world.startup,
          since: runner.startedAt,
          what: `the runner ${runner.name}, started ${new Date(runner.startedAt).toISOString()}, has not adopted ${id}`,
        }));
    });
  }

  /** Runs, and its attempt is closed or unknown. */
  #strays(containers: readonly ContainerRow[], open: readonly AttemptRow[]): Owed[] {
    const known = new Set(open.map((one) => one.id));
    return containers
      .filter((one) => one.running && !known.has(one.attempt))
      .map(({ attempt, host }) => ({
        name: "strays are stopped",
        key: attempt,
        parts: this.#world.partsOf(host),
        limit: sweepEvery + grace + 5_000,
        what: `a container of the closed attempt ${attempt} runs on ${host}`,
      }));
  }

  /** It prints all the time, so what is stored must grow. */
  #flow(containers: readonly ContainerRow[], open: readonly AttemptRow[]): Owed[] {
    const running = new Set(containers.filter((one) => one.running).map((one) => one.attempt));
    return open
      .filter((one) => running.has(one.id) && this.#ledger.entries.get(one.experiment_id)?.plan.loud === true)
      .map(({ id, host, next_seq }) => ({
        name: "what is printed is stored within 10 s",
        key: `${id}/${next_seq}`,
        parts: this.#world.partsOf(host),
        limit: 10_000,
        what: `nothing new of the log of attempt ${id} on ${host}, at chunk ${next_seq}`,
      }));
  }

  async #sessions(): Promise<Owed[]> {
    const rows = await this.#observer.query<{ pid: number; name: string; query: string; since: Date }>(
      `select pid, application_name as name, left(query, 80) as query, state_change as since from pg_stat_activity
        where datname = current_database() and state like 'idle in transaction%'`,
    );
    return (rows ?? []).map(({ pid, name, query, since }) => ({
      name: "no session sits on a transaction",
      key: `${pid}/${since.getTime()}`,
      parts: ["postgres"],
      limit: idleLimit,
      since: since.getTime(),
      what: `${name} (session ${pid}) sits on a transaction after ${query}`,
    }));
  }

  async #checkLeases(): Promise<void> {
    const rows = await this.#observer.query<{ gpu: string; attempt: string }>(
      `select l.gpu, a.id::text as attempt from skeduler.leases l join skeduler.attempts a on a.id = l.attempt_id
        where a.closed_at is not null`,
    );
    for (const { gpu, attempt } of rows ?? [])
      this.#world.findings.violated("no lease of what is closed", `${gpu} is leased to the closed attempt ${attempt}`);
  }

  async #checkClosed(): Promise<void> {
    const rows = await this.#observer.query<{ id: string; all: string }>(
      "select id::text as id, md5(a::text) as all from skeduler.attempts a where closed_at is not null",
    );
    for (const { id, all } of rows ?? []) {
      const before = this.#closed.get(id);
      if (before !== undefined && before !== all)
        this.#world.findings.violated("what is closed does not change", `attempt ${id} did`);
      this.#closed.set(id, all);
    }
  }
}
