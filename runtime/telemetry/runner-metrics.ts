// What a runner tells Prometheus: its attempts, how long starts, pulls and log writes take, its heartbeats. Nothing is read from the
// database for it: hundreds of runners are asked every few seconds.

import { Counter, Gauge, Histogram, Registry } from "prom-client";
import { addProcessMetrics, taskLabel, type CountedPool } from "./process-metrics.ts";

export interface RunnerMetricsOptions {
  readonly version: string;
  readonly host: string;
  readonly pools: Readonly<Record<string, CountedPool>>;
}

const quick = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10];
const slow = [0.1, 0.25, 0.5, 1, 2.5, 5, 15, 60, 300, 1800];

export class RunnerMetrics {
  readonly #registry = new Registry();
  readonly #closed: Counter<"reason">;
  readonly #starts: Histogram;
  readonly #pulls: Histogram;
  readonly #logBytes: Counter;
  readonly #flushes: Histogram;
  readonly #samples: Histogram;
  readonly #heartbeats: Counter<"outcome">;
  readonly #engineUp: Gauge;
  readonly #jobs: Counter<"task" | "outcome">;

  constructor(options: RunnerMetricsOptions) {
    const registers = [this.#registry];
    this.#registry.setDefaultLabels({ host: options.host });
    addProcessMetrics(this.#registry, { ...options, role: "runner" });
    this.#closed = new Counter({
      name: "skeduler_runner_attempts_closed_total",
      help: "Attempts that this runner closed, by the reason of their result",
      labelNames: ["reason"],
      registers,
    });
    this.#starts = new Histogram({
      name: "skeduler_runner_start_seconds",
      help: "Start overhead: from placement until the start of the container was stored, an image's pull included",
      buckets: slow,
      registers,
    });
    this.#pulls = new Histogram({
      name: "skeduler_runner_pull_seconds",
      help: "Time that it took to get an image that was not on the host",
      buckets: slow,
      registers,
    });
    this.#logBytes = new Counter({
      name: "skeduler_runner_log_bytes_total",
      help: "Bytes of experiments' logs that were stored",
      registers,
    });
    this.#flushes = new Histogram({
      name: "skeduler_runner_log_flush_seconds",
      help: "Time that it took to store what of a log had gathered",
      buckets: quick,
      registers,
    });
    this.#samples = new Histogram({
      name: "skeduler_runner_sample_seconds",
      help: "One look at what all containers and GPUs of the host take, and its storing",
      buckets: quick,
      registers,
    });
    this.#heartbeats = new Counter({
      name: "skeduler_runner_heartbeats_total",
      help: "Heartbeats that the database answered, and that it did not",
      labelNames: ["outcome"],
      registers,
    });
    this.#engineUp = new Gauge({
      name: "skeduler_runner_engine_up",
      help: "Whether Docker answers",
      registers,
    });
    this.#engineUp.set(1); // it was asked before
    this.#jobs = new Counter({
      name: "skeduler_queue_jobs_total",
      help: "Queue jobs that this process ran; a failed one is tried again",
      labelNames: ["task", "outcome"],
      registers,
    });
  }

  /** `count` is asked with every scrape. */
  countAttempts(count: () => number): void {
    new Gauge({
      name: "skeduler_runner_attempts",
      help: "Attempts in hand",
      registers: [this.#registry],
      collect() {
        this.set(count());
      },
    });
  }

  readonly closed = (reason: string): void => {
    this.#closed.inc({ reason });
  };

  readonly started = (seconds: number): void => {
    this.#starts.observe(seconds);
  };

  readonly pulled = (seconds: number): void => {
    this.#pulls.observe(seconds);
  };

  readonly stored = (bytes: number, seconds: number): void => {
    this.#logBytes.inc(bytes);
    this.#flushes.observe(seconds);
  };

  readonly sampled = (seconds: number): void => {
    this.#samples.observe(seconds);
  };

  readonly beat = (outcome: "answered" | "failed"): void => {
    this.#heartbeats.inc({ outcome });
  };

  readonly engine = (answers: boolean): void => {
    this.#engineUp.set(answers ? 1 : 0);
  };

  readonly jobEnded = (task: string, outcome: "done" | "failed"): void => {
    this.#jobs.inc({ task: taskLabel(task), outcome });
  };

  get contentType(): string {
    return this.#registry.contentType;
  }

  readonly text = async (): Promise<string> => this.#registry.metrics();
}
