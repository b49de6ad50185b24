// What each command does to the model, and what its statement must answer.

import { retryDelay, type Retries } from "../../runtime/experiment/retries.ts";
import { askable, type Result } from "../../runtime/experiment/states.ts";
import {
  gpusOfHost,
  type AttemptCommand,
  type Command,
  type CommandOf,
  type End,
  type Epoch,
  type HostCommand,
} from "./commands.ts";
import type { Attempt, Experiment, Host, Model } from "./model.ts";

export const exitCodeOf: Record<End, number | null> = { ok: 0, failed: 3, user: null, engine: null };
export const reasonOf: Record<End, Result["reason"]> = {
  ok: "exited",
  failed: "exited",
  user: "user",
  engine: "engine",
};

export function retriesOf(count: number): Retries | null {
  return count === 0 ? null : { count, on: ["host_lost"], backoff: "0s" };
}

export const epochOf = (current: number, epoch: Epoch): number =>
  epoch === "own" ? current : epoch === "old" ? current - 1 : current + 1;

/** A command whose objects and numbers are settled: what its actor knows, which may be outdated when it acts. */
export type Plan = (model: Model) => string;

/** The plan answers what the statement must answer, and moves the model: "nothing" where there is no such object. */
export function plan(known: Model, command: Command): Plan {
  switch (command.do) {
    case "undone": {
      const inner = plan(known, command.command);
      return (model) => inner(structuredClone(model));
    }
    case "create": {
      const { experiment: id, after } = command;
      const possible = !known.experiments.has(id) && (after === undefined || known.experiments.has(after));
      return (model) => (possible ? create(model, command) : "nothing");
    }
    case "place":
      return (model) => place(model, command);
    case "start":
    case "append":
    case "close":
      return planOfAttempt(known, command);
    case "change":
      return (model) => change(model, command);
    case "cancel group":
      return endGroup;
    case "cancel dependants":
      return endDependants;
    case "give up":
      for (const index of command.hosts) hostOf(known, index).silent = true; // for long, whoever acts first now
      return giveUp;
    case "register":
    case "beat":
    case "clean":
    case "set state":
    case "remove":
    case "check GPU":
      return planOfHost(known, command);
  }
}

function planOfAttempt(known: Model, command: AttemptCommand): Plan {
  const number = (known.experiments.get(command.experiment)?.attempt ?? 0) - command.back;
  const is = (one: Attempt): boolean => one.experiment === command.experiment && one.number === number;
  const target = known.attempts.find(is);
  if (target === undefined) return () => "nothing";
  const epoch = epochOf(target.epoch, command.epoch);
  const seq = target.chunks;
  return (model) => {
    const attempt = model.attempts.find(is);
    if (attempt?.epoch !== epoch) return "refused";
    if (command.do === "close") {
      if (!attempt.closed) closeAttempt(model, attempt, command.end, command.retry, "runner");
      return "done"; // by us, if an answer was lost
    }
    if (attempt.closed) return "refused";
    if (command.do === "append") {
      const wanted = seq + command.ahead;
      // The last one once more is stored already, and answered as stored.
      if (wanted >= 0 && wanted === attempt.chunks - 1) return "done";
      if (wanted !== attempt.chunks) return "refused";
      attempt.chunks += 1;
      return "done";
    }
    attempt.started = true;
    const experiment = currentOf(model, attempt);
    if (experiment?.started === false) {
      experiment.started = true;
      model.events.push(`started ${attempt.experiment}`);
    }
    return "done";
  };
}

function planOfHost(known: Model, command: HostCommand): Plan {
  const index = command.host;
  const before = hostOf(known, index);
  const epoch = "epoch" in command ? epochOf(before.epoch, command.epoch) : 0;
  const lost = before.lost;
  const stamp = command.do === "check GPU" ? before.withheld.get(command.gpu)?.stamp : undefined;
  return (model) => {
    const host = hostOf(model, index);
    switch (command.do) {
      case "register":
        return register(model, index, command.checks);
      case "beat": {
        if (host.epoch !== epoch) return host.epoch > epoch ? "replaced" : "restored";
        const trouble = command.trouble ?? null;
        const back = host.removed; // while it was only cut off
        const news = host.trouble !== trouble;
        if (back) model.events.push(`registered host ${index}`);
        if (news) model.events.push(`${trouble === null ? "recovered" : "trouble"} host ${index}`);
        if (back || news) model.queue.push("place");
        Object.assign(host, { silent: false, removed: false, trouble });
        return host.clean && host.lost === 0 ? "clean" : "unclean";
      }
      case "clean":
        if (host.epoch !== epoch || !command.current || host.lost !== lost) return "done";
        if (host.lost === 0 && host.clean) return "done";
        Object.assign(host, { lost: 0, clean: true });
        model.events.push(`clean host ${index}`);
        model.queue.push("place");
        return "done";
      case "set state":
        if (host.removed) return "refused";
        host.state = command.state;
        model.events.push(`${command.state} host ${index}`);
        model.queue.push("place");
        return "done";
      case "remove":
        if (host.removed || !host.silent) return "refused";
        if (model.attempts.some((one) => one.host === index && !one.closed)) return "refused";
        host.removed = true;
        model.events.push(`removed host ${index}`);
        return "done";
      case "check GPU": {
        const held = host.withheld.get(command.gpu);
        if (host.epoch !== epoch || command.outdated || held === undefined || held.stamp !== stamp) return "done";
        if (command.dirty) {
          if (held.why === "dirty") return "done";
          host.withheld.set(command.gpu, { ...held, why: "dirty" });
          model.events.push(`gpu_dirty host ${index}`);
          return "done";
        }
        host.withheld.delete(command.gpu);
        if (held.why !== null) model.events.push(`gpu_clean host ${index}`);
        model.queue.push("place");
        return "done";
      }
    }
  };
}

function create(model: Model, command: CommandOf<"create">): string {
  if (model.experiments.has(command.experiment)) return "23505";
  model.experiments.set(command.experiment, {
    status: "ENQUEUED",
    attempt: 0,
    host: null,
    started: false,
    reason: null,
    exitCode: null,
    retries: retriesOf(command.retries),
    retried: 0,
    after: command.after,
    grouped: command.grouped,
    edits: 0,
  });
  model.events.push(`enqueued ${command.experiment}`);
  model.queue.push("place");
  return "created";
}

function endGroup(model: Model): string {
  const hosts = new Set<number>();
  for (const [id, one] of model.experiments) {
    if (!one.grouped || (one.status !== "ENQUEUED" && one.status !== "RUNNING")) continue;
    if (one.status === "RUNNING" && one.host !== null) hosts.add(one.host);
    cancel(model, id, one, "user");
  }
  for (const host of hosts) model.queue.push(`stop group on ${host}`);
  return "done";
}

function endDependants(model: Model): string {
  const doomed = [...model.experiments].filter(([, { status, after }]) => {
    const needed = after === undefined ? undefined : model.experiments.get(after);
    return status === "ENQUEUED" && needed !== undefined && endedBadly(needed);
  });
  for (const [id, one] of doomed) cancel(model, id, one, "dependency");
  return "done";
}

function giveUp(model: Model): string {
  for (const [index, host] of model.hosts.entries()) {
    const open = model.attempts.filter((one) => one.host === index && !one.closed);
    if (!host.silent || open.length === 0) continue;
    for (const attempt of open) {
      const experiment = model.experiments.get(attempt.experiment);
      const result: Result = { reason: "host_lost", exit_code: null, signal: null, message: "" };
      const again = retryDelay(experiment?.retries ?? null, experiment?.retried ?? 0, result) !== undefined;
      closeAttempt(model, attempt, "host_lost", again, "watch");
    }
    host.lost = ++model.stamps;
    model.events.push(`lost host ${index}`);
  }
  return "done";
}

function register(model: Model, index: number, checks: boolean): string {
  const host = hostOf(model, index);
  host.epoch += 1;
  Object.assign(host, { clean: false, silent: false, removed: false, checks, trouble: null });
  if (!checks) host.withheld.clear();
  else
    for (let gpu = 0; gpu < gpusOfHost; gpu++)
      if (!model.leases.has(`${index}/${gpu}`))
        host.withheld.set(gpu, { why: host.withheld.get(gpu)?.why ?? null, stamp: ++model.stamps });
  for (const one of model.attempts) if (one.host === index && !one.closed) one.epoch = host.epoch;
  model.events.push(`registered host ${index}`);
  return "done";
}

function hostOf(model: Model, index: number): Host {
  const host = model.hosts[index];
  if (host === undefined) throw new Error(`there is no host ${index}`);
  return host;
}

/** The experiment of an attempt, if it still is RUNNING with it. */
function currentOf(model: Model, attempt: Attempt): Experiment | undefined {
  const experiment = model.experiments.get(attempt.experiment);
  return experiment?.status === "RUNNING" && experiment.attempt === attempt.number ? experiment : undefined;
}

function endedBadly({ status, exitCode }: Experiment): boolean {
  return status === "CANCELLED" || (status === "FINISHED" && exitCode !== 0);
}

function cancel(model: Model, id: number, experiment: Experiment, reason: string): void {
  Object.assign(experiment, { status: "CANCELLED", reason, exitCode: null });
  model.events.push(`cancelled ${id}`);
}

function place(model: Model, command: CommandOf<"place">): string {
  const experiment = model.experiments.get(command.experiment);
  const host = hostOf(model, command.host);
  if (experiment?.status !== "ENQUEUED" || host.state !== "active" || host.removed) return "nothing";
  const open = model.attempts.some((one) => one.experiment === command.experiment && !one.closed);
  // The database itself refuses both, and with them the whole statement.
  if (open || command.gpus.some((gpu) => model.leases.has(`${command.host}/${gpu}`))) return "23505";
  const attempt: Attempt = {
    experiment: command.experiment,
    number: experiment.attempt + 1,
    host: command.host,
    epoch: host.epoch,
    gpus: command.gpus.toSorted(),
    started: false,
    chunks: 0,
    closed: false,
    reason: null,
  };
  model.attempts.push(attempt);
  for (const gpu of attempt.gpus) model.leases.set(`${command.host}/${gpu}`, attempt);
  Object.assign(experiment, { status: "RUNNING", attempt: attempt.number, host: command.host, started: false });
  Object.assign(experiment, { reason: null, exitCode: null });
  model.events.push(`placed ${command.experiment}`);
  model.queue.push(`start ${command.experiment}/${attempt.number}`);
  return "placed";
}

function closeAttempt(
  model: Model,
  attempt: Attempt,
  end: End | "host_lost",
  retry: boolean,
  actor: "runner" | "watch",
): void {
  attempt.closed = true;
  attempt.reason = end === "host_lost" ? end : reasonOf[end];
  const host = hostOf(model, attempt.host);
  for (const gpu of attempt.gpus) {
    model.leases.delete(`${attempt.host}/${gpu}`);
    if (host.checks) host.withheld.set(gpu, { why: null, stamp: ++model.stamps });
  }
  model.events.push(`closed ${attempt.experiment} by ${actor}`);
  model.queue.push("place");
  const experiment = currentOf(model, attempt);
  if (experiment === undefined) return;
  if (retry) {
    Object.assign(experiment, { status: "ENQUEUED", host: null, started: false, retried: experiment.retried + 1 });
    model.queue.push(`place ${attempt.experiment} later`);
    return;
  }
  experiment.status = end === "ok" || end === "failed" ? "FINISHED" : "CANCELLED";
  experiment.reason = attempt.reason;
  experiment.exitCode = end === "host_lost" ? null : exitCodeOf[end];
}

function change(model: Model, { experiment: id, to, edits, outdated }: CommandOf<"change">): string {
  const experiment = model.experiments.get(id);
  if (experiment === undefined) return "nothing";
  if (outdated) return "stale";
  const { status } = experiment;
  if (to !== undefined && to !== status && !askable[status].includes(to)) return "refused";
  if (edits) experiment.edits += 1;
  if (to === undefined || to === status) {
    if (!edits) return "same";
    model.events.push(`edited ${id}`);
    return "changed";
  }
  if (to === "CANCELLED") {
    if (status === "RUNNING") model.queue.push(`stop ${id}`);
    cancel(model, id, experiment, "user");
  } else {
    Object.assign(experiment, {
      status: "ENQUEUED",
      host: null,
      started: false,
      reason: null,
      exitCode: null,
      retried: 0,
    });
    model.events.push(`enqueued ${id}`);
    model.queue.push("place");
  }
  return "changed";
}
