// The host's standing in the database: that it lives, why it takes nothing, and its way back into service: it is offered
// when what runs there has been compared with what should, one comparison at a time, while heartbeats go on.

import { hostIsClean } from "../database/statements/hosts.ts";
import type { Pool } from "../database/pool.ts";
import { beat, type HostLoad } from "../database/statements/registration.ts";
import { pingEngine, type Engine } from "../docker/engine.ts";
import { UserError } from "../errors.ts";
import type { Log } from "../log.ts";
import type { Heard } from "../database/statements/runner.ts";
import type { RunnerMetrics } from "../telemetry/runner-metrics.ts";
import type { HostMemory } from "./host-memory.ts";
import { oneAtATime } from "./one-at-a-time.ts";

const beatEvery = 5_000;
const pingEvery = 5_000;
/** An Engine that takes longer to answer a ping, ms, is as good as away. */
const pingPatience = 10_000;

export interface PresenceOptions {
  readonly db: Pool;
  readonly engine: Engine;
  readonly log: Log;
  readonly host: string;
  readonly epoch: string;
  /** What the database has to know for its answers to count. */
  readonly heard: () => Heard;
  readonly memory: HostMemory;
  readonly metrics: Pick<RunnerMetrics, "beat" | "engine">;
  /** Whether nothing runs here any more that should not. */
  readonly cleanUp: () => Promise<boolean>;
  /** Why nothing should be taken though Docker answers, in words: no room on the disk, no folder for outputs. */
  readonly trouble: () => Promise<string | undefined>;
  readonly load: () => Promise<HostLoad>;
  /** A heartbeat was answered that was sent then (performance.now()). */
  readonly onHeard: (sent: number) => void;
  /** Docker answers again. */
  readonly onEngine: () => Promise<unknown>;
  /** Another process runs this host now. */
  readonly onReplaced: (error: UserError) => void;
  /** The database is older than what this host knew, or another one. */
  readonly onRestored: () => void;
}

export class Presence {
  readonly #options: PresenceOptions;
  #timers: NodeJS.Timeout[] = [];
  /** Since when Docker has not answered. */
  #engineAway: Date | undefined;
  #shortOf: string | undefined;
  /** As it was last seen; looking asks a disk, which heartbeats must not wait for. */
  #load: HostLoad | undefined;
  #cleaning: Promise<void> | undefined;
  #closed = false;

  constructor(options: PresenceOptions) {
    this.#options = options;
  }

  /** Resolves when a first heartbeat was tried. */
  async start(): Promise<void> {
    const every = (ms: number, work: () => Promise<void>): NodeJS.Timeout =>
      setInterval(() => {
        work().catch((error: unknown) => this.#options.log.error({ err: error }, "a timer of the runner failed"));
      }, ms);
    this.#timers = [every(beatEvery, this.beat), every(pingEvery, this.#ping)];
    this.#load = await this.#options.load();
    this.#shortOf = await this.#options.trouble();
    await this.beat();
  }

  /** Resolves when the clean-up in hand has ended, well or not: without success the next heartbeats try again. */
  async cleaned(): Promise<void> {
    await this.#cleaning;
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#timers.forEach((timer) => clearInterval(timer));
    await Promise.all([this.beat(), this.#ping()]); // those in flight end first, another does nothing
    await this.#cleaning;
  }

  readonly beat = oneAtATime(async (): Promise<void> => {
    const { db, host, epoch, log, heard, memory, onHeard, onReplaced, onRestored } = this.#options;
    if (this.#closed) return;
    const sent = performance.now();
    try {
      const found = await beat(db, heard(), memory.unsettled, { trouble: this.#trouble(), load: this.#load });
      if (found.verdict !== "heard") {
        if (found.verdict === "restored") onRestored();
        else onReplaced(new UserError(`Another runner has taken over the host "${host}".`));
        return;
      }
      onHeard(sent);
      this.#options.metrics.beat("answered");
      memory.settle(found.closed);
      await memory.heard({ epoch, beats: found.beats });
      if (!found.clean) this.#cleaning ??= this.#clean(found.lostAt);
    } catch (error) {
      this.#options.metrics.beat("failed");
      log.warn({ err: error }, "no heartbeat: the database does not answer");
    }
  });

  #trouble(): string | undefined {
    if (this.#engineAway === undefined) return this.#shortOf;
    return `takes nothing: Docker does not answer since ${this.#engineAway.toISOString().slice(0, 19)}Z`;
  }

  async #look(): Promise<void> {
    const { log, trouble } = this.#options;
    const found = await trouble();
    if ((found === undefined) === (this.#shortOf === undefined)) return;
    this.#shortOf = found;
    if (found === undefined) log.info("what was in the way is gone: experiments are taken");
    else log.error(found);
    await this.beat();
  }

  async #clean(lostAt: string | null): Promise<void> {
    const { db, host, epoch, log, cleanUp } = this.#options;
    try {
      if (await cleanUp()) await hostIsClean(db, host, epoch, lostAt);
    } catch (error) {
      log.warn({ err: error }, "the host could not be cleaned up; trying again");
    } finally {
      this.#cleaning = undefined;
    }
  }

  readonly #ping = oneAtATime(async (): Promise<void> => {
    const { engine, log, load, onEngine } = this.#options;
    if (this.#closed) return;
    this.#load = await load();
    const answers = await pingEngine(engine, pingPatience);
    this.#options.metrics.engine(answers);
    if (answers) await this.#look();
    if (answers === (this.#engineAway === undefined)) return;
    this.#engineAway = answers ? undefined : new Date();
    if (answers) log.info("Docker answers again");
    else log.error("Docker does not answer: nothing is taken until it does");
    await this.beat();
    if (answers) await onEngine();
  });
}
