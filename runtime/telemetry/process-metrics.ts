// What every process of ours tells Prometheus about itself: version, CPU, memory, how busy its event loop is, and its pools of
// database connections. Read when it is asked for; no timer runs.

import { performance } from "node:perf_hooks";
import { Counter, Gauge, type Registry } from "prom-client";

/** As much of a pg.Pool as is counted. */
export interface CountedPool {
  readonly totalCount: number;
  readonly idleCount: number;
  readonly waitingCount: number;
}

export interface ProcessMetricsOptions {
  readonly version: string;
  readonly role: "api" | "runner";
  readonly pools: Readonly<Record<string, CountedPool>>;
}

/** A counter that somebody else keeps. */
export function countedElsewhere(register: Registry, name: string, help: string, total: () => number): void {
  new Counter({
    name,
    help,
    registers: [register],
    collect() {
      this.reset();
      this.inc(total());
    },
  });
}

export function addProcessMetrics(register: Registry, { version, role, pools }: ProcessMetricsOptions): void {
  const registers = [register];
  new Gauge({
    name: "skeduler_build_info",
    help: "Always 1; says which version runs, as what",
    labelNames: ["version", "role"],
    registers,
  }).set({ version, role }, 1);
  new Gauge({
    name: "process_start_time_seconds",
    help: "When the process started, seconds since 1970",
    registers,
  }).set(performance.timeOrigin / 1000);
  new Gauge({
    name: "process_resident_memory_bytes",
    help: "Memory of the process",
    registers,
    collect() {
      this.set(process.memoryUsage.rss());
    },
  });
  countedElsewhere(register, "process_cpu_seconds_total", "CPU time of the process", () => {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1e6;
  });
  countedElsewhere(
    register,
    "skeduler_event_loop_busy_seconds_total",
    "Time in which the event loop was at work; a rate near 1 is a process that can do no more",
    () => performance.eventLoopUtilization().active / 1000,
  );
  new Gauge({
    name: "skeduler_pool_connections",
    help: "Database connections of this process",
    labelNames: ["pool", "state"],
    registers,
    collect() {
      for (const [pool, { totalCount, idleCount }] of Object.entries(pools)) {
        this.set({ pool, state: "idle" }, idleCount);
        this.set({ pool, state: "busy" }, totalCount - idleCount);
      }
    },
  });
  new Gauge({
    name: "skeduler_pool_waiting",
    help: "Statements that wait for a database connection",
    labelNames: ["pool"],
    registers,
    collect() {
      for (const [pool, { waitingCount }] of Object.entries(pools)) this.set({ pool }, waitingCount);
    },
  });
}

/** A queue job's task without the host in its name, so that there is one series for all of them. */
export function taskLabel(identifier: string): string {
  return identifier.split("/")[0] ?? identifier;
}
