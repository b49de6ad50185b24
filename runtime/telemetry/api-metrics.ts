// What an API process tells Prometheus: its requests, tails, placements and queue jobs, and, read when it is asked, what there is in the
// database. Names and labels are documented in docs/operating.md; a test holds the dashboard and the alert rules to them.

import { setTimeout as sleep } from "node:timers/promises";
import { Counter, Gauge, Histogram, Registry } from "prom-client";
import type { Queryable } from "../database/pool.ts";
import { takeCensus, type Census } from "../database/statements/census.ts";
import type { AnsweredRequest } from "../http/access-log.ts";
import type { Log } from "../log.ts";
import { addProcessMetrics, taskLabel, type CountedPool } from "./process-metrics.ts";

export interface ApiMetricsOptions {
  readonly db: Queryable;
  readonly log: Log;
  readonly version: string;
  readonly pools: Readonly<Record<string, CountedPool>>;
  /** How many follow a log, and the events, now. */
  readonly tails: () => number;
  readonly eventStreams: () => number;
}

/** From a millisecond to ten seconds. */
const quick = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10];
/** From a moment to days. */
const long = [0.05, 0.25, 1, 5, 15, 60, 300, 900, 3600, 4 * 3600, 12 * 3600, 86_400, 7 * 86_400];

/** A database that takes longer, ms, counts as away: whoever scrapes waits for ten seconds, and the alert is for now. */
const censusPatience = 3_000;

export class ApiMetrics {
  readonly #registry = new Registry();
  readonly #requests: Histogram<"method" | "route" | "status">;
  readonly #waits: Histogram;
  readonly #placements: Histogram;
  readonly #notifyLag: Histogram;
  readonly #jobs: Counter<"task" | "outcome">;
  readonly #refresh: () => Promise<void>;

  constructor(options: ApiMetricsOptions) {
    const registers = [this.#registry];
    addProcessMetrics(this.#registry, { ...options, role: "api" });
    this.#requests = new Histogram({
      name: "skeduler_http_request_seconds",
      help: "Time from a request's arrival to the beginning of its answer",
      labelNames: ["method", "route", "status"],
      buckets: quick,
      registers,
    });
    this.#waits = new Histogram({
      name: "skeduler_wait_seconds",
      help: "Time from enqueueing to placement, of what this process placed",
      buckets: long,
      registers,
    });
    this.#placements = new Histogram({
      name: "skeduler_placement_seconds",
      help: "Time that one look at the line took, the lock and the writing included",
      buckets: quick,
      registers,
    });
    this.#notifyLag = new Histogram({
      name: "skeduler_notify_lag_seconds",
      help: "Time from announcing a change to hearing of it on this process's listening connection",
      buckets: quick,
      registers,
    });
    this.#jobs = new Counter({
      name: "skeduler_queue_jobs_total",
      help: "Queue jobs that this process ran; a failed one is tried again",
      labelNames: ["task", "outcome"],
      registers,
    });
    new Gauge({
      name: "skeduler_tails",
      help: "Logs that are being followed, by HTTP and by websocket",
      registers,
      collect() {
        this.set(options.tails());
      },
    });
    new Gauge({
      name: "skeduler_event_streams",
      help: "Live feeds of events that are open",
      registers,
      collect() {
        this.set(options.eventStreams());
      },
    });
    this.#refresh = addCensus(this.#registry, options);
  }

  readonly answered = ({ method, route, status, seconds }: AnsweredRequest): void => {
    this.#requests.observe({ method, route, status }, seconds);
  };

  readonly placed = (pass: { readonly seconds: number; readonly waits: ReadonlyMap<string, number> }): void => {
    this.#placements.observe(pass.seconds);
    for (const wait of pass.waits.values()) this.#waits.observe(wait);
  };

  readonly heard = (seconds: number): void => {
    this.#notifyLag.observe(seconds);
  };

  readonly jobEnded = (task: string, outcome: "done" | "failed"): void => {
    this.#jobs.inc({ task: taskLabel(task), outcome });
  };

  get contentType(): string {
    return this.#registry.contentType;
  }

  readonly text = async (): Promise<string> => {
    await this.#refresh();
    return this.#registry.metrics();
  };
}

/** Gauges of what there is in the database, and what reads it. Where it does not answer they are absent, and skeduler_database_up says so. */
function addCensus(registry: Registry, { db, log }: ApiMetricsOptions): () => Promise<void> {
  const registers = [registry];
  const gauge = <L extends string>(name: string, help: string, labelNames: L[]): Gauge<L> =>
    new Gauge({ name, help, labelNames, registers });
  const experiments = gauge("skeduler_experiments", "Experiments that wait or run", ["status"]);
  const longestWait = gauge("skeduler_longest_wait_seconds", "How long the one has waited that waits longest", []);
  const hosts = gauge("skeduler_hosts", "Hosts by state; closed is an active one that takes nothing by itself", [
    "state",
  ]);
  const heartbeats = gauge("skeduler_heartbeat_age_seconds", "Time since a host's last heartbeat", ["host"]);
  const gpus = gauge(
    "skeduler_gpus",
    "GPUs: held, withheld (being checked, or dirty), free, or closed with their host",
    ["host", "state"],
  );
  const jobs = gauge("skeduler_queue_jobs", "Queue jobs that wait or run, and those given up", ["state"]);
  const fill = (census: Census): void => {
    experiments.set({ status: "ENQUEUED" }, census.enqueued);
    experiments.set({ status: "RUNNING" }, census.running);
    longestWait.set(census.longest_wait);
    jobs.set({ state: "waiting" }, census.jobs_waiting);
    jobs.set({ state: "failed" }, census.jobs_failed);
    for (const state of ["active", "closed", "cordoned", "draining"])
      hosts.set({ state }, census.hosts.filter((host) => stateOf(host) === state).length);
    for (const host of census.hosts) {
      heartbeats.set({ host: host.host }, host.heartbeat_age);
      const free = host.gpus - host.gpus_held - host.gpus_withheld;
      const takes = stateOf(host) === "active";
      gpus.set({ host: host.host, state: "held" }, host.gpus_held);
      gpus.set({ host: host.host, state: "withheld" }, host.gpus_withheld);
      gpus.set({ host: host.host, state: "free" }, takes ? free : 0);
      gpus.set({ host: host.host, state: "closed" }, takes ? 0 : free);
    }
  };
  const up = gauge("skeduler_database_up", "Whether the database answered when this was asked", []);
  let asked: Promise<Census> | undefined;
  /** One at a time: scrapes of a database that is silent wait for the same answer. */
  const census = async (): Promise<Census> => {
    asked ??= takeCensus(db).finally(() => (asked = undefined));
    const late = sleep(censusPatience, undefined, { ref: false });
    const taken = await Promise.race([asked, late]);
    if (taken === undefined) throw new Error(`the database has not answered for ${censusPatience / 1000} s`);
    return taken;
  };
  return async () => {
    for (const one of [experiments, hosts, heartbeats, gpus, jobs]) one.reset();
    longestWait.remove();
    try {
      fill(await census());
      up.set(1);
    } catch (error) {
      log.warn({ err: error }, "the census for Prometheus could not be taken");
      up.set(0);
    }
  };
}

function stateOf({ state, closed }: Census["hosts"][number]): string {
  return state === "active" && closed ? "closed" : state;
}
