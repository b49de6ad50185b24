// Compares the open attempts that Postgres assigns to this host with what runs here, and closes the difference: starts or
// adopts what is open, stops what is not wanted any more, removes containers of ours that no open attempt has. Notices
// and queue jobs make it happen at once; a timer makes it happen anyway. It never throws: what fails is logged, answered
// with false, and tried again.

import { setTimeout as sleep } from "node:timers/promises";
import type { Logger } from "pino";
import {
  readLongClosed,
  readOpenAttempts,
  readStandings,
  type Heard,
  type OpenAttempt,
  type Standing,
} from "../database/statements/runner.ts";
import { containerName } from "../docker/container-options.ts";
import {
  inspectContainer,
  listContainers,
  removeContainer,
  stopContainer,
  type OwnContainer,
} from "../docker/containers.ts";
import { runAttempt, type RunnerContext } from "./attempt-run.ts";
import { Fenced } from "./log-writer.ts";
import { oneAtATime } from "./one-at-a-time.ts";
import { endUnseen } from "./unseen-processes.ts";

/** Containers whose attempt nobody knows are spared this long: their row may not be visible yet. */
const youngFor = 60_000;
/** Containers under another host's name on this Engine are left to its own runner for so long after their attempts were closed, s. */
const othersFor = 60;
/** How long one that leaves waits for answers of the Engine, ms. */
const detachPatience = 10_000;
/** A container that has ended is removed so much later, ms: what takes its place is started then, and Docker does one after the other. */
const removalRest = 250;
/** How soon a run that failed on something outside is taken up again. */
const retryAfter = 1_000;

export interface ReconcilerContext extends RunnerContext {
  /** What the host has heard of its database: an answer of one that knows less counts for nothing. */
  readonly heard: () => Heard;
}

interface Running {
  readonly cancel: AbortController;
  readonly ended: AbortController;
  /** The last sweep found its container ended. */
  endedBefore: boolean;
  /** Closed by us: all that is left is to remove its container. */
  closed: boolean;
  readonly done: Promise<void>;
}

export class Reconciler {
  readonly #context: ReconcilerContext;
  readonly #log: Logger;
  readonly #runs = new Map<string, Running>();
  readonly #detach = new AbortController();
  #retry: NodeJS.Timeout | undefined;

  constructor(context: ReconcilerContext) {
    this.#context = context;
    this.#log = context.log;
  }

  /** How many attempts are in hand. */
  get size(): number {
    return this.#runs.size;
  }

  /** Whether the attempt is in hand. */
  has(attemptId: string): boolean {
    return this.#runs.has(attemptId);
  }

  /** Looks at the rows again, counting everything committed before the call; false where they could not be read. */
  readonly reconcile = oneAtATime(async () => this.#look());

  /**
   * Removes containers of ours that no open attempt has: left by a crash between report and removal, or given up. Under another
   * host's name (this one was renamed, or two runners share the Engine) only those whose attempts were closed a while ago. False
   * where one of them may still run.
   */
  readonly sweep = oneAtATime(async () => this.#sweepAll());

  /** Whether nothing runs here any more that was closed before the call: stopped in hand, and swept. */
  async cleanUp(): Promise<boolean> {
    if (!(await this.reconcile())) return false;
    const stopping = [...this.#runs.values()].filter((run) => run.cancel.signal.aborted || run.closed);
    await Promise.all(stopping.map(async (run) => run.done));
    return this.sweep(); // what could not be stopped is found there
  }

  /**
   * Leaves every container running and forgets it; resolves when nothing of this process touches them any more, or what still
   * waits for an Engine that does not answer can wait no longer.
   */
  async detach(): Promise<void> {
    clearTimeout(this.#retry);
    this.#detach.abort(new Error("the runner is shutting down"));
    const left = Promise.all([...this.#runs.values()].map(async (run) => run.done));
    await Promise.race([left, sleep(detachPatience, undefined, { ref: false })]);
    await this.reconcile(); // one in flight ends first; the next finds nothing to do
  }

  async #look(): Promise<boolean> {
    if (this.#detach.signal.aborted) return false;
    const { db, heard } = this.#context;
    try {
      const open = await readOpenAttempts(db, heard());
      for (const attempt of open) this.#take(attempt);
      await this.#dropClosed(new Set(open.map((attempt) => attempt.id)));
      return true;
    } catch (error) {
      this.#log.warn({ err: error }, "the open attempts could not be read; trying again");
      return false;
    }
  }

  /** What is in hand and was closed by others, who gave this host up while it was silent, must end. */
  async #dropClosed(open: ReadonlySet<string>): Promise<void> {
    const missing = [...this.#runs].filter(([id, run]) => !open.has(id) && !run.closed).map(([id]) => id);
    if (missing.length === 0) return;
    // Closed, not unknown: where the database was restored, what it does not know is left alone.
    const known = await readStandings(this.#context.db, this.#context.heard(), missing);
    for (const id of missing) if (known.get(id) === "closed") this.#runs.get(id)?.cancel.abort();
  }

  #take(attempt: OpenAttempt): void {
    const running = this.#runs.get(attempt.id);
    if (running !== undefined) {
      if (!attempt.wanted) running.cancel.abort();
      return;
    }
    if (this.#detach.signal.aborted) return;
    const cancel = new AbortController();
    if (!attempt.wanted) cancel.abort();
    const ended = new AbortController();
    const signals = { cancel: cancel.signal, ended: ended.signal, detach: this.#detach.signal };
    const done = runAttempt(this.#context, attempt, signals)
      .then(async () => {
        run.closed = true;
        await sleep(removalRest, undefined, { signal: this.#detach.signal }).catch(() => undefined); // at once where we leave
        await removeContainer(this.#context.engine, containerName(attempt.id));
      })
      .catch((error: unknown) => this.#failed(attempt, error))
      .finally(() => this.#runs.delete(attempt.id));
    const run: Running = { cancel, ended, endedBefore: false, closed: false, done };
    this.#runs.set(attempt.id, run);
  }

  #failed(attempt: OpenAttempt, error: unknown): void {
    if (this.#detach.signal.aborted) return;
    const ids = { experiment: attempt.experiment_id, attempt: attempt.id };
    if (error instanceof Fenced) {
      this.#log.warn(ids, "the attempt belongs to another runner now");
      return;
    }
    this.#log.warn({ ...ids, err: error }, "an attempt could not be carried on; trying again");
    clearTimeout(this.#retry);
    this.#retry = setTimeout(() => {
      this.reconcile().catch(() => undefined); // reconcile itself logs
    }, retryAfter);
  }

  async #sweepAll(): Promise<boolean> {
    const { db, engine, installation, host, heard } = this.#context;
    try {
      const found = await listContainers(engine, { installation });
      const all = found.filter((container) => container.host === host);
      const others = found.filter((container) => container.host !== host && container.attemptId !== "");
      this.#tellOfEnds(all);
      const idle = all.filter((container) => !this.#runs.has(container.attemptId));
      if (idle.length === 0 && others.length === 0) return true;
      const known = await readStandings(
        db,
        heard(),
        idle.map((container) => container.attemptId).filter((id) => id !== ""),
      );
      let clean = true;
      for (const container of idle) clean = (await this.#judge(container, known.get(container.attemptId))) && clean;
      const over = await readLongClosed(
        db,
        heard(),
        others.map((container) => container.attemptId),
        othersFor,
      );
      for (const container of others)
        if (over.has(container.attemptId)) clean = (await this.#judge(container, "closed")) && clean;
      return clean;
    } catch (error) {
      if (!this.#detach.signal.aborted) this.#log.warn({ err: error }, "the host's containers could not be compared");
      return false;
    }
  }

  /**
   * Whoever still follows a container that two sweeps found ended waits on a connection that went silent (half-open): Docker's word
   * of the end was lost.
   */
  #tellOfEnds(containers: readonly OwnContainer[]): void {
    for (const { attemptId, ended } of containers) {
      const run = this.#runs.get(attemptId);
      if (run === undefined) continue;
      if (ended && run.endedBefore) run.ended.abort(new Error("Docker's word of the container's end was lost"));
      run.endedBefore = ended;
    }
  }

  /** False: it should not run, and does. One that has ended and stays takes no GPU from anybody. */
  async #judge(container: OwnContainer, standing: Standing | undefined): Promise<boolean> {
    if (standing === "open" || this.#runs.has(container.attemptId)) return true; // reconcile's business
    if (standing === "reported") return true; // an operator's
    if (standing === undefined && Date.now() - container.created.getTime() < youngFor) return true;
    const ids = { container: container.id, attempt: container.attemptId };
    this.#log.warn(ids, "a stray container of ours is removed");
    const { engine, stopGrace } = this.#context;
    try {
      if (container.running) await stopContainer(engine, container.id, Math.ceil(stopGrace / 1000));
      else if (!container.ended) await endUnseen(container.id);
      await removeContainer(engine, container.id);
      return true;
    } catch (error) {
      this.#log.warn({ ...ids, err: error }, "a stray container of ours could not be removed; trying again");
      return (await inspectContainer(engine, container.id))?.running !== true;
    }
  }
}
