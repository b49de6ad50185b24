// One attempt, from whatever state it is found in to its end: image, container, start, log, end, report; the container's removal is
// the reconciler's. Recovery is this same function with steps already done. Order with reason: the log before the end (who sees the end
// can read all of it), the end before the removal (a crash between them leaves a container to adopt, not a lost result).
// Throws when something outside fails (Docker or Postgres away, fenced): the reconciler comes again.

import type { Logger } from "pino";
import type { Notifier } from "../database/notifier.ts";
import type { Pool } from "../database/pool.ts";
import { closeAttempt, recordStart, recordWarning, type OpenAttempt } from "../database/statements/runner.ts";
import { containerName } from "../docker/container-options.ts";
import {
  inspectContainer,
  removeContainer,
  signalContainer,
  stopContainer,
  wasStarted,
  type ContainerState,
} from "../docker/containers.ts";
import { EngineFailure, isUnreachable, type Engine } from "../docker/engine.ts";
import type { Policy } from "../docker/policy.ts";
import type { LogPosition } from "../docker/log-entries.ts";
import { retryDelay } from "../experiment/retries.ts";
import {
  forgottenStart,
  type Forgotten,
  insisting,
  knownEnd,
  knownStart,
  noteUnseenRestart,
  persisting,
  resumed,
  startOnce,
  unseenEnd,
  type Interruptions,
} from "./engine-trouble.ts";
import type { RunnerMetrics } from "../telemetry/runner-metrics.ts";
import type { Tracing } from "../telemetry/tracing.ts";
import { create } from "./attempt-container.ts";
import { AttemptTrace } from "./attempt-trace.ts";
import { cancelledBeforeStart, CouldNotRun, orCouldNotRun, Over } from "./could-not-run.ts";
import type { Fence } from "./fence.ts";
import type { End, HostMemory } from "./host-memory.ts";
import type { Lane } from "./lane.ts";
import { drainLog, followToEnd } from "./log-pump.ts";
import { Fenced, LogWriter } from "./log-writer.ts";
import { outputOf } from "./output-folder.ts";
import { resultOf, stopReasons } from "./result.ts";
import type { MetricSampler } from "./metric-sampler.ts";
import { timeLimit } from "./time-limit.ts";
import { endUnseen, findUnseen } from "./unseen-processes.ts";

export interface RunnerContext {
  readonly db: Pool;
  readonly engine: Engine;
  readonly log: Logger;
  readonly fence: Pick<Fence, "check" | "stopped">;
  readonly interruptions: Interruptions;
  readonly memory: Pick<
    HostMemory,
    "knows" | "began" | "start" | "startAsked" | "ended" | "closed" | "endOf" | "watchedUntil"
  >;
  readonly installation: string;
  readonly host: string;
  readonly epoch: string;
  /** Milliseconds. */
  readonly pullTimeout: number;
  readonly stopGrace: number;
  /** Docker's own log, until it is stored; and what is stored of it. */
  readonly logMaxBytes: number;
  readonly maxLogBytes: number;
  readonly heavy: Lane;
  readonly collect: (bytes: number) => void;
  /** A folder of this host under which each attempt gets one of its own. */
  readonly outputs: string | undefined;
  readonly policy: Policy;
  /** The file of this host's secrets. */
  readonly secrets: string | undefined;
  readonly notifier: Pick<Notifier, "changing" | "closing" | "growing">;
  readonly sampler: Pick<MetricSampler, "follow">;
  readonly metrics: Pick<RunnerMetrics, "started" | "pulled" | "stored" | "closed">;
  readonly tracing: Pick<Tracing, "passed"> | undefined;
  /** GPUs have come free. */
  readonly released: () => void;
}

export interface RunSignals {
  /** The experiment was cancelled: stop the container. */
  readonly cancel: AbortSignal;
  /** Its container has ended for a while: who still follows it may stop. */
  readonly ended: AbortSignal;
  /** The runner leaves: drop everything as it is, the container runs on. */
  readonly detach: AbortSignal;
}

/** An attempt in hand. */
export interface Run extends RunnerContext {
  readonly attempt: OpenAttempt;
  readonly signals: RunSignals;
  readonly writer: LogWriter;
  readonly trace: AttemptTrace;
}

/** Resolves when the attempt is closed: its container may be removed. */
export async function runAttempt(context: RunnerContext, attempt: OpenAttempt, signals: RunSignals): Promise<void> {
  const trace = new AttemptTrace(context.tracing, attempt, context.host);
  const run: Run = {
    ...context,
    attempt,
    signals,
    trace,
    writer: new LogWriter({
      db: context.db,
      attemptId: attempt.id,
      epoch: context.epoch,
      nextSeq: attempt.next_seq,
      position: attempt.log_position as LogPosition,
      endsLine: attempt.ends_line,
      storedBytes: attempt.stored_bytes,
      maxBytes: context.maxLogBytes,
      heavy: context.heavy,
      collect: context.collect,
      tell: async (chunk, seq, store) =>
        context.notifier.growing({ experimentId: attempt.experiment_id, attemptId: attempt.id, seq }, chunk, store),
      onStored: (chunk, seconds) => {
        context.metrics.stored(chunk.data.length, seconds);
        trace.stored(chunk);
      },
      signal: signals.detach,
      log: context.log,
    }),
  };
  try {
    await ended(run, await started(run));
  } catch (error) {
    if (!(error instanceof Over)) throw error;
    await close(run, error.end);
    if (!attempt.started) run.trace.couldNotRun(error.message);
  } finally {
    // What it still wanted to store when it failed, the next run reads again; what is on its way comes first.
    await run.writer.stop();
  }
}

/** It ended, this host reported it and removed its container, and the database that was restored since then does not know. */
async function endAsRemembered({ memory, attempt, writer }: Run): Promise<void> {
  const end = memory.endOf(attempt.id);
  if (end === undefined) return;
  const words = "the database was restored to a moment before this attempt ended: what it wrote after that is lost";
  if (end.ran) await writer.line(words, "restored");
  throw new Over(end);
}

/** Makes sure that the container was started; its state. It may have been, and run, where the Engine went away meanwhile. */
async function started(run: Run): Promise<ContainerState> {
  const { attempt, engine, interruptions, memory } = run;
  try {
    // What this host never took up has no container here; should there be one, Docker says so when it is to create it.
    const inHand = attempt.started || memory.knows(attempt.id);
    const noted = memory.began(attempt);
    const found = inHand ? await inspectContainer(engine, containerName(attempt.id)) : undefined;
    return await start(run, { found, isNew: interruptions.isNew(attempt), noted });
  } catch (error) {
    if (!run.signals.detach.aborted && isUnreachable(error)) {
      await interruptions.engineAway(attempt);
      await interruptions.startCutStill(attempt, engine);
    }
    throw error;
  }
}

interface Taken {
  /** The container that an earlier run left. */
  readonly found: ContainerState | undefined;
  /** This process has not had the attempt in hand before. */
  readonly isNew: boolean;
  /** Resolves when this host remembers that it took the attempt up. */
  readonly noted: Promise<void>;
}

async function start(run: Run, { found, isNew, noted }: Taken): Promise<ContainerState> {
  const { attempt, engine, interruptions } = run;
  if (found === undefined) await endAsRemembered(run);
  if (found === undefined && attempt.started) {
    throw new CouldNotRun("engine", "The container is gone: somebody or something other than Skeduler removed it.");
  }
  const asked = run.memory.startAsked(attempt.id);
  if (found !== undefined && wasStarted(found)) {
    if (found.running)
      run.log.info({ experiment: attempt.experiment_id, attempt: attempt.id }, "a running container was adopted");
    const state = await knownStart(found, asked);
    const { startedAt = new Date(0) } = state;
    const { watchedUntil } = run.memory;
    if (isNew) await noteUnseenRestart(engine, interruptions, attempt, { startedAt, watchedUntil });
    return state;
  }
  if (found !== undefined) {
    const forgot = await interruptions.startForgotten(attempt, engine, found.id, asked);
    if (forgot !== undefined || run.signals.cancel.aborted) await endForgotten(run, found, forgot);
  }
  refuseCancelled(run);
  const { id, adopted } = found === undefined ? await create(run) : { id: found.id, adopted: false };
  if (adopted) return start(run, { found: await inspectContainer(engine, id), isNew, noted });
  await noted; // not before the creation, which says by itself where there is a container already
  await run.memory.start(attempt.id, "asked");
  refuseCancelled(run);
  run.fence.check();
  const begin = async (): Promise<boolean> => begun(run, found, id);
  if (!(await run.trace.part("start the container", async () => orCouldNotRun(begin)))) {
    await removeContainer(engine, id);
    return start(run, { found: undefined, isNew, noted });
  }
  const state = await inspectContainer(engine, id);
  if (state === undefined) throw new CouldNotRun("engine", "The container vanished as it was started.");
  return knownStart(state, run.memory.startAsked(attempt.id));
}

/** Starts the container; false where it, `found` as it is, cannot be started any more, and never was. */
async function begun(run: Run, found: ContainerState | undefined, id: string): Promise<boolean> {
  const { attempt, engine, interruptions, signals } = run;
  const first = (): void => interruptions.over(attempt);
  const cut = async (): Promise<void> => interruptions.startCut(attempt, engine, id);
  const once = async (tries: number): Promise<void> =>
    startOnce(engine, id, { fresh: found === undefined && tries === 1, first, cut });
  try {
    await insisting(once, signals.detach);
    return true;
  } catch (error) {
    // Where it leaves before it asks again: the next runner may.
    const refused = !isUnreachable(error) && (await findUnseen(id)).holder === undefined;
    if (refused) await run.memory.start(attempt.id, "refused");
    if (found === undefined || !(error instanceof EngineFailure)) throw error;
    if (!(await endForgotten(run, found, undefined))) throw error;
    const words = "Docker was killed as it started this container: a new one is made";
    run.log.warn({ attempt: attempt.id, err: error }, words);
    return false;
  }
}

/**
 * A container that Docker, killed before it had noted the start, takes for never started, and that would run a second time: where it is
 * known, or seen, to have run, that and the attempt are ended. Otherwise true where the start was begun, so that Docker cannot begin it again.
 */
async function endForgotten(
  { engine, signals, writer }: Run,
  { id }: ContainerState,
  forgot: Forgotten | undefined,
): Promise<boolean> {
  const { holder, command, living } = await endUnseen(id);
  if (forgot === undefined && command.length === 0) return holder !== undefined;
  await drainLog({ engine, containerId: id, writer, signal: signals.detach });
  await writer.line(forgottenStart(new Date()), "lack");
  const known = command.length > 0 ? "that it had started" : forgot;
  throw new CouldNotRun("engine", `Docker was killed, and has forgotten ${known} the container: ${fate()}.`);

  function fate(): string {
    if (command.length === 0) return "how that ended is not known";
    if (living.length === 0) return "what ran in it was ended";
    return `what runs in it goes on, as this runner cannot end it (process ${living.join(", ")})`;
  }
}

function refuseCancelled({ signals }: Run): void {
  if (signals.cancel.aborted) throw cancelledBeforeStart();
}

async function noteStart(run: Run, state: ContainerState): Promise<void> {
  const fence = { attemptId: run.attempt.id, epoch: run.epoch };
  const start = { startedAt: state.startedAt ?? new Date(), output: outputOf(run) };
  const note = async (payload?: string): Promise<{ took: number | null }> => {
    const noted = await recordStart(run.db, fence, start, payload);
    if (noted === undefined) throw new Fenced();
    return noted;
  };
  // The start of one that has ended is told with its end, in a moment.
  const { took } = await (state.running ? run.notifier.changing(run.attempt.experiment_id, note) : note());
  if (took !== null) run.metrics.started(took);
  run.trace.started(took);
}

/** Notes the start of a container, follows it to its end and closes the attempt. */
async function ended(run: Run, state: ContainerState): Promise<void> {
  const { attempt, engine, interruptions, signals, writer } = run;
  const noting = noteStart(run, state);
  noting.catch(() => undefined); // awaited: at once, or, where it has ended already, while its log is read
  if (state.running) {
    await Promise.all([noting, interruptions.followed(attempt, state)]);
    await resume(run);
  }
  const pump = { engine, containerId: state.id, writer, signal: signals.detach };
  let warning: Promise<void> | undefined;
  const limit = timeLimit(attempt, state.startedAt, (signal, before) => {
    warning = warn(run, state.id, signal, before);
  });
  const followed = new AbortController();
  let stopping: Promise<void> | undefined;
  const stop = (): void => {
    stopping ??= persistInStopping(run, state.id, AbortSignal.any([signals.detach, followed.signal]));
  };
  const over = AbortSignal.any([signals.cancel, limit.signal]);
  over.addEventListener("abort", stop, { once: true });
  const leave = run.sampler.follow({ attemptId: run.attempt.id, containerId: state.id, gpus: run.attempt.gpus });
  try {
    if (over.aborted && state.running) stop();
    const until = AbortSignal.any([signals.detach, signals.ended]);
    if (state.running) await followToEnd({ ...pump, signal: until }).finally(() => followed.abort());
    await stopping;
  } catch (error) {
    signals.detach.throwIfAborted();
    if (state.running && isUnreachable(error)) await interruptions.engineAway(attempt);
    throw error;
  } finally {
    leave();
    over.removeEventListener("abort", stop);
    limit.clear();
    await warning; // its line comes before the last
  }
  const inspected = state.running ? inspectContainer(engine, state.id) : state;
  const [said] = await Promise.all([inspected, drainLog(pump), noting]);
  if (said === undefined) throw new CouldNotRun("engine", "The container was removed before its end could be read.");
  if (said.running) throw new Error("The waiting for the container's end was cut off: it still runs."); // taken up again
  const end = state.running ? said : await knownEnd(engine, said, interruptions.goneBy(attempt));
  // A start that failed late: Docker says why in its own words.
  if (end.error !== "" && end.exitCode !== 0 && end.startedAt === undefined) throw new CouldNotRun("engine", end.error);
  const lack = state.running ? undefined : unseenEnd(end, writer.position, interruptions.since(attempt));
  if (lack !== undefined) await writer.line(lack, "lack");
  const result = resultOf(attempt, end, {
    stopped: stopping !== undefined,
    cancelled: signals.cancel.aborted,
    fenced: run.fence.stopped(attempt.id),
    limitAt: limit.at,
  });
  await close(run, { result, finished: !stopReasons.has(result.reason), at: end.finishedAt, ran: true });
}

/** Its container runs on: if it could not be followed for a while, that is over, and the log says what it may lack. */
async function resume({ attempt, engine, interruptions, writer }: Run): Promise<void> {
  const since = interruptions.since(attempt);
  if (since === undefined) return;
  const lack = await resumed(engine, since);
  if (lack !== undefined) await writer.line(lack, `restart ${since.getTime()}`);
  interruptions.over(attempt);
}

/** An Engine that failed once at a stop hears of it again: nobody else asks while the container is followed. */
async function persistInStopping(run: Run, id: string, over: AbortSignal): Promise<void> {
  const { attempt, engine, log, stopGrace } = run;
  const stop = async (): Promise<void> => stopContainer(engine, id, Math.ceil(stopGrace / 1000));
  await persisting(stop, over, (error) =>
    log.warn(
      { experiment: attempt.experiment_id, attempt: attempt.id, err: error },
      "a container could not be stopped; trying again",
    ),
  );
}

/** Sends first and notes then: a program that is warned twice saves twice, one that is never warned loses its work. */
async function warn(
  { attempt, db, engine, epoch, writer, log }: Run,
  id: string,
  signal: string,
  before: string,
): Promise<void> {
  try {
    await signalContainer(engine, id, signal);
    await recordWarning(db, { attemptId: attempt.id, epoch });
    await writer.line(`${signal} sent: ${before} are left of the time limit of ${attempt.time_limit ?? ""}`);
  } catch (error) {
    log.warn(
      { experiment: attempt.experiment_id, attempt: attempt.id, err: error },
      "the warning before the time limit failed",
    );
  }
}

async function close(run: Run, end: End): Promise<void> {
  const { attempt } = run;
  const { result, finished } = end;
  await run.writer.line(result.message, "end");
  const retryIn =
    attempt.wanted && !run.signals.cancel.aborted ? retryDelay(attempt.retries, attempt.retried, result) : undefined;
  if (retryIn !== undefined)
    await run.writer.line(
      `retry ${attempt.retried + 1} of ${attempt.retries?.count ?? 0} in ${retryIn / 1000} s`,
      "retry",
    );
  await Promise.all([run.writer.flush(), run.memory.ended(attempt.id, end)]);
  const fence = { attemptId: attempt.id, epoch: run.epoch };
  await run.notifier.closing(attempt.experiment_id, async (payload) => {
    const closed = await closeAttempt(run.db, fence, { result, finished, endedAt: end.at, retryIn }, { payload });
    if (!closed) throw new Fenced();
  });
  run.memory.closed(attempt.id);
  run.interruptions.forget(attempt);
  run.metrics.closed(result.reason);
  if (attempt.gpus.length > 0) run.released();
  run.log.info({ experiment: run.attempt.experiment_id, attempt: run.attempt.id, result }, "attempt closed");
}
