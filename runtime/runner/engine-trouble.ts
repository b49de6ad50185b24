// What an Engine that is being stopped, or was restarted, does to an attempt: refusals that do not count, a stop that fails, a start
// whose answer was lost, an end that nobody saw.

import { setTimeout as sleep } from "node:timers/promises";
import type { OpenAttempt } from "../database/statements/runner.ts";
import { inspectContainer, startContainer, wasStarted, type ContainerState } from "../docker/containers.ts";
import { EngineFailure, isUnreachable, pingEngine, type Engine } from "../docker/engine.ts";
import { livedSince } from "../docker/events.ts";
import { unknownExit } from "../docker/exit.ts";
import type { LogPosition } from "../docker/log-entries.ts";
import { OutputFailure } from "./output-folder.ts";
import { begunAt, booted, findUnseen, runsIn } from "./unseen-processes.ts";

/** How often the host is asked for what it refuses for no fault of the experiment, and the wait in between, ms. */
const hostTries = 3;
const hostPause = 2_000;
/** Before what must come about in the end is asked for again, ms. */
const persistPause = 1_000;
/** Longer than Docker takes to note an end that it sees, ms, and shorter than its own start. */
const notedWithin = 1_000;

/**
 * Started it was by an answer that was lost, too: one that has ended would run again. So it is looked at first, unless it is fresh: created
 * a moment ago, and never asked to start. `first` is told where it never was, `cut` where no answer came.
 */
export async function startOnce(
  engine: Engine,
  id: string,
  { fresh, first, cut }: { readonly fresh: boolean; readonly first: () => void; readonly cut: () => Promise<void> },
): Promise<void> {
  const state = fresh ? undefined : await inspectContainer(engine, id);
  if (state !== undefined && wasStarted(state)) return;
  first();
  try {
    await startContainer(engine, id);
  } catch (error) {
    if (isUnreachable(error)) await cut();
    throw error;
  }
}

/**
 * An Engine that is being stopped refuses what its next start would do, and a disk may be away for a moment: a refusal counts when it is
 * repeated. `work` hears which try it is, from 1.
 */
export async function insisting<T>(
  work: (tries: number) => Promise<T>,
  signal: AbortSignal,
  pause = hostPause,
): Promise<T> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await work(tries);
    } catch (error) {
      const mayPass = error instanceof EngineFailure || error instanceof OutputFailure;
      if (!mayPass || tries === hostTries) throw error;
      await sleep(pause, undefined, { signal });
    }
  }
}

/** Asks until it is done, or `over`: nobody needs it any more. `failed` hears what went wrong. Never rejects. */
export async function persisting(
  work: () => Promise<void>,
  over: AbortSignal,
  failed: (error: unknown) => void,
  pause = persistPause,
): Promise<void> {
  const once = async (): Promise<boolean> => {
    try {
      await work();
      return true;
    } catch (error) {
      if (!over.aborted) failed(error);
      return false;
    }
  };
  while (!over.aborted && !(await once())) await sleep(pause, undefined, { signal: over }).catch(() => undefined);
}

/** Of a start in which the Engine was killed. */
export type Forgotten = "that it had started" | "whether it had started";

/** Of a container that was to be started when the Engine went away. */
interface CutStart {
  readonly containerId: string;
  /** Whether something held it when the Engine was last seen away: that stays until the Engine is back. */
  readonly held: boolean;
  /** Whether its command was ever seen to run. */
  readonly ran: boolean;
}

/**
 * Attempts whose containers could not be looked at or followed any more, because the Engine was away, and since when: here, and in
 * the database for the next runner. What cannot be stored there is kept here alone.
 */
export class Interruptions {
  /** Null: it is over, whatever was read from the database before. */
  readonly #since = new Map<string, Date | null>();
  /** Attempts that this process has in hand, or had. */
  readonly #known = new Set<string>();
  readonly #cutStarts = new Map<string, CutStart>();
  /** Attempts whose commands are seen among the machine's processes; `gone`: when one was first not, while the Engine was away. */
  readonly #commands = new Map<string, { readonly containerId: string; readonly pid: number; readonly gone?: Date }>();
  readonly #store: (attemptId: string, since: Date | null) => Promise<void>;

  constructor(store: (attemptId: string, since: Date | null) => Promise<void>) {
    this.#store = store;
  }

  began(attempt: OpenAttempt, since = new Date()): void {
    if (this.since(attempt) !== undefined) return;
    this.#since.set(attempt.id, since);
    this.#store(attempt.id, since).catch(() => undefined);
  }

  /** It is followed again, or is only started now. */
  over(attempt: OpenAttempt): void {
    if (this.since(attempt) === undefined) return;
    this.#since.set(attempt.id, null);
    this.#store(attempt.id, null).catch(() => undefined);
  }

  since({ id, interrupted_at }: OpenAttempt): Date | undefined {
    const kept = this.#since.get(id);
    return (kept === undefined ? interrupted_at : kept) ?? undefined;
  }

  /** Its container is followed now. */
  async followed({ id }: OpenAttempt, { id: containerId, pid }: ContainerState): Promise<void> {
    if (pid !== undefined && (await runsIn(containerId, pid))) this.#commands.set(id, { containerId, pid });
  }

  /** The Engine does not answer, or did not a moment ago. */
  async engineAway(attempt: OpenAttempt): Promise<void> {
    this.began(attempt);
    const { id } = attempt;
    const command = this.#commands.get(id);
    if (command === undefined || command.gone !== undefined) return;
    if (!(await runsIn(command.containerId, command.pid))) this.#commands.set(id, { ...command, gone: new Date() });
  }

  /** When its command had ended at the latest, where that was found out while the Engine was away. */
  goneBy({ id }: OpenAttempt): Date | undefined {
    return this.#commands.get(id)?.gone;
  }

  /** A container was to be started, and no answer came. */
  async startCut({ id }: OpenAttempt, engine: Engine, containerId: string): Promise<void> {
    await this.#lookAt(id, engine, { containerId, ran: false });
  }

  /** The Engine is away still. */
  async startCutStill({ id }: OpenAttempt, engine: Engine): Promise<void> {
    const start = this.#cutStarts.get(id);
    if (start !== undefined) await this.#lookAt(id, engine, start);
  }

  async #lookAt(id: string, engine: Engine, start: Omit<CutStart, "held">): Promise<void> {
    const { holder, command } = await findUnseen(start.containerId);
    // What an Engine that is back has cleared away nobody saw.
    const isBack = await pingEngine(engine, 1_000);
    const held = holder !== undefined || isBack;
    this.#cutStarts.set(id, { ...start, held, ran: start.ran || command.length > 0 });
  }

  /**
   * What the Engine, killed in the midst of it, does not know any more of the start of a container that it takes for never started;
   * undefined: that never began. `asked`: when that was asked for, by this runner or one that is gone, and with it what it may have seen.
   */
  async startForgotten(
    { id, started }: OpenAttempt,
    engine: Engine,
    containerId: string,
    asked: Date | undefined,
  ): Promise<Forgotten | undefined> {
    if (started) return "that it had started";
    // Where only the connection was cut, the Engine knows what it did.
    if (asked === undefined || (await livedSince(engine, asked))) return undefined;
    const { holder, waits } = await findUnseen(containerId);
    const start = this.#cutStarts.get(id);
    if (start === undefined) return waits ? undefined : "whether it had started";
    return start.ran || (start.held && holder === undefined) ? "that it had started" : undefined;
  }

  /** Whether this process takes it up for the first time. */
  isNew({ id }: OpenAttempt): boolean {
    const before = this.#known.size;
    return this.#known.add(id).size > before;
  }

  /** The attempt is closed. */
  forget({ id }: OpenAttempt): void {
    this.#since.delete(id);
    this.#known.delete(id);
    this.#cutStarts.delete(id);
    this.#commands.delete(id);
  }
}

/**
 * Of an attempt whose container was found started: where Docker was restarted while no runner of this host lived to see it, that is
 * noted as if it had been seen. Known to have been watched until its start, and until the last heartbeat before.
 */
export async function noteUnseenRestart(
  engine: Engine,
  interruptions: Interruptions,
  attempt: OpenAttempt,
  { startedAt, watchedUntil }: { readonly startedAt: Date; readonly watchedUntil: Date | undefined },
): Promise<void> {
  if (interruptions.since(attempt) !== undefined) return;
  // The event of a start comes a little later than the start.
  const last = new Date(Math.max(startedAt.getTime() + 1_000, watchedUntil?.getTime() ?? 0));
  if (!(await livedSince(engine, last))) interruptions.began(attempt, last);
}

/**
 * An Engine that was killed in the midst of a start, and finds the container running when it is back, does not know when that began: as
 * its process did then, or, where that is not to be seen, when it was asked for.
 */
export async function knownStart(state: ContainerState, asked: Date | undefined): Promise<ContainerState> {
  if (state.startedAt !== undefined || !wasStarted(state)) return state;
  const begun = state.pid === undefined ? undefined : await begunAt(state.id, state.pid);
  return { ...state, startedAt: begun ?? asked ?? state.finishedAt ?? new Date() };
}

/**
 * What is known of the end of a container that was found ended. One that it did not see, as it was killed at that moment or the whole
 * machine went down, Docker makes up at its next start: the time is then, and the exit code 255, but where it finds nothing of the
 * container any more, 0 (by its makers' account always in Docker 23 to 24.0.2). A failed run must not look like a success: it is 255
 * then, the time the latest possible one. `gone`: when the command was seen to have ended.
 */
export async function knownEnd(engine: Engine, end: ContainerState, gone: Date | undefined): Promise<ContainerState> {
  const isHere = engine.address.startsWith("unix://");
  const latest = gone ?? (isHere && end.startedAt !== undefined && end.startedAt < booted() ? booted() : undefined);
  if (latest === undefined || (end.exitCode !== 0 && end.exitCode !== unknownExit)) return end;
  const isMadeUp = end.finishedAt !== undefined && end.finishedAt.getTime() > latest.getTime() + notedWithin;
  if (!isMadeUp || (await livedSince(engine, latest))) return end;
  return { ...end, exitCode: unknownExit, finishedAt: latest };
}

/** Of a container that runs on and is followed again: what may have been lost meanwhile, if anything. */
export async function resumed(engine: Engine, since: Date): Promise<string | undefined> {
  // Only the connection was cut: Docker itself, and all that it had read, lived on.
  if (await livedSince(engine, since)) return undefined;
  return `Docker was restarted while the container ran: lines from ${second(since)} to ${second(new Date())} may be missing.`;
}

const second = (time: Date): string => `${time.toISOString().slice(0, 19)}Z`;

/** What a container wrote was dropped by Docker before it was read: its log had grown beyond the bound. */
export function droppedLines(from: Date, to: Date): string {
  return `Docker has dropped the oldest lines of its own log: lines from ${second(from)} to ${second(to)} may be missing.`;
}

/** Of a container that an Engine does not know to have been started: what it wrote while that was killed nobody has read. */
export function forgottenStart(until: Date): string {
  return `Docker has forgotten that the container was started: lines until ${second(until)} may be missing.`;
}

/**
 * Of a container that ended while the Engine was away, what it wrote last is lost in a pipe that nobody read; and the
 * Engine may not know how it ended. The line that says so, undefined where nothing of the kind can have been.
 */
export function unseenEnd(end: ContainerState, position: LogPosition, since: Date | undefined): string | undefined {
  const until = second(end.finishedAt ?? new Date());
  if (since !== undefined)
    return `Docker was away when the container ended: lines from ${second(since)} to ${until} may be missing.`;
  if (end.exitCode !== unknownExit) return undefined;
  const seconds = [position.stdout, position.stderr].map((stream) => stream?.seconds ?? 0);
  const last = Math.max(...seconds.map((second) => second * 1000), end.startedAt?.getTime() ?? 0);
  return (
    "Docker says 255 too where it, or this machine, was restarted while the container ran: then its exit code is not known, " +
    `and lines from ${second(new Date(last))} to ${until} may be missing.`
  );
}
