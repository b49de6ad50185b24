// The model: what the state of an installation is said to be after each command, in plain objects, and with it the events
// and queue jobs that the changes must have left, one each.

import type { Retries } from "../../runtime/experiment/retries.ts";
import type { Status } from "../../runtime/experiment/states.ts";
import { hostCount } from "./commands.ts";

export interface Experiment {
  status: Status;
  attempt: number;
  host: number | null;
  started: boolean;
  reason: string | null;
  exitCode: number | null;
  readonly retries: Retries | null;
  retried: number;
  readonly after: number | undefined;
  readonly grouped: boolean;
  edits: number;
}

export interface Attempt {
  readonly experiment: number;
  readonly number: number;
  readonly host: number;
  epoch: number;
  readonly gpus: readonly number[];
  started: boolean;
  chunks: number;
  closed: boolean;
  reason: string | null;
}

export interface Host {
  epoch: number;
  clean: boolean;
  /** Which giving up it has to answer; 0: none. */
  lost: number;
  silent: boolean;
  removed: boolean;
  checks: boolean;
  trouble: string | null;
  state: string;
  /** GPU → since which release, and why; null: to be checked. */
  readonly withheld: Map<number, { readonly stamp: number; readonly why: string | null }>;
}

export interface Model {
  readonly experiments: Map<number, Experiment>;
  /** In the order in which they were placed. */
  readonly attempts: Attempt[];
  readonly hosts: Host[];
  /** "host/GPU" → the attempt that holds it. */
  readonly leases: Map<string, Attempt>;
  readonly events: string[];
  readonly queue: string[];
  /** Counts what has to be told apart. */
  stamps: number;
}

export function newModel(): Model {
  const host = (): Host => ({
    epoch: 1,
    clean: false,
    lost: 0,
    silent: false,
    removed: false,
    checks: false,
    trouble: null,
    state: "active",
    withheld: new Map(),
  });
  return {
    experiments: new Map(),
    attempts: [],
    hosts: Array.from({ length: hostCount }, host),
    leases: new Map(),
    events: [],
    queue: [],
    stamps: 0,
  };
}

/** All that can be seen from outside, for comparing. */
export function seen(model: Model): unknown {
  return {
    experiments: [...model.experiments]
      .map(([id, e]) => ({
        id,
        status: e.status,
        attempt: e.attempt,
        host: e.host,
        started: e.started,
        reason: e.reason,
        retried: e.retried,
        edited: e.edits > 0,
      }))
      .sort((a, b) => a.id - b.id),
    attempts: model.attempts
      .map((a) => ({
        experiment: a.experiment,
        number: a.number,
        host: a.host,
        epoch: a.epoch,
        started: a.started,
        chunks: a.chunks,
        closed: a.closed,
        reason: a.reason,
      }))
      .sort((a, b) => a.experiment - b.experiment || a.number - b.number),
    hosts: model.hosts.map((h, id) => ({
      id,
      epoch: h.epoch,
      clean: h.clean,
      lost: h.lost > 0,
      removed: h.removed,
      trouble: h.trouble,
      state: h.state,
    })),
    leases: [...model.leases].map(([gpu, a]) => `${gpu} ${a.experiment}/${a.number}`).sort(),
    withheld: model.hosts
      .flatMap((h, id) => [...h.withheld].map(([gpu, { why }]) => `${id}/${gpu} ${why ?? "to be checked"}`))
      .sort(),
    events: model.events.toSorted(),
    // One placement job that waits stands for many.
    queue: model.queue.filter((job, at) => job !== "place" || model.queue.indexOf(job) === at).sort(),
  };
}
