// graphile-worker as we use it: our pool, our log, no signal handlers of its own, and the id of its pool, under which
// it locks jobs, for whoever has to unlock them after us.

import { EventEmitter, once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { Logger, parseCronItems, run, type Runner, type TaskList, type WorkerEvents } from "graphile-worker";
import type { Log } from "../log.ts";
import type { Client, Pool } from "./pool.ts";
import { beatQueueWorker, removeQueueWorker, unlockJobs } from "./statements/queue-workers.ts";

export interface Queue {
  /** What graphile-worker writes into `locked_by`. */
  readonly poolId: string;
  /** Ends when running jobs have. */
  stop(): Promise<void>;
}

export interface QueueOptions {
  readonly pool: Pool;
  readonly log: Log;
  readonly tasks: TaskList;
  readonly concurrency: number;
  /** Task identifier → crontab pattern. */
  readonly cron?: Readonly<Record<string, string>>;
  /** How often it looks without having been notified, ms: the notification is what makes it fast; a job of a later time is found so. */
  readonly pollInterval?: number;
  /** Told of notices on a channel, heard by the connection that listens for jobs: of what must not wait for a job to be given out. */
  readonly hears?: { readonly channel: string; readonly notice: (payload: string) => void };
  /** Told of every job that ran; a failed one is tried again. */
  readonly onJob?: (task: string, outcome: "done" | "failed") => void;
}

/** How often a process says that it lives, ms: another one unlocks the jobs of one that does not. */
const beatEvery = 10_000;

/** After it ended by a fault, ms. */
const restartAfter = 1_000;

type Connected = (
  error: Error | undefined,
  client: Client | undefined,
  release: (destroy?: Error | boolean) => void,
) => void;

/**
 * graphile-worker gives a connection back twice where listening on it fails just as it is stopped, and pg throws for that, where
 * nobody can catch it: the process would end. From here on this pool takes it once.
 */
export function forgiveSecondRelease(pool: Pool): void {
  const connect = pool.connect.bind(pool) as (connected?: Connected) => Promise<Client> | undefined;
  const forgiving = (connected?: Connected): Promise<Client> | undefined => {
    if (connected === undefined) return connect();
    return connect((error, client, release) => {
      let released = false;
      connected(error, client, (destroy) => {
        if (!released) release(destroy);
        released = true;
      });
    });
  };
  Object.assign(pool, { connect: forgiving });
}

export async function startQueue(options: QueueOptions): Promise<Queue> {
  forgiveSecondRelease(options.pool);
  const stopping = new AbortController();
  const stopped = (): boolean => stopping.signal.aborted;
  let current = await start(options);
  const beats = setInterval(() => {
    beat(options, current).catch((error: unknown) =>
      options.log.warn({ err: error }, "the job queue could not say that it lives"),
    );
  }, beatEvery);
  const kept = keep();
  return {
    get poolId() {
      return current.poolId;
    },
    stop: async () => {
      stopping.abort();
      await stop(current);
      await kept;
      clearInterval(beats);
      await removeQueueWorker(options.pool, current.poolId).catch(() => undefined); // the others will find that it is gone
    },
  };

  /** Starts it anew whenever it ended by itself: it gives up where the database is away for long. */
  async function keep(): Promise<void> {
    for (;;) {
      const fault: unknown = await current.ended;
      if (stopped()) return;
      options.log.error({ err: fault }, "the job queue ended; starting it again");
      await stop(current); // its timetable, where it did not end itself
      const before = current.poolId;
      for (;;) {
        await sleep(restartAfter, undefined, { signal: stopping.signal }).catch(() => undefined);
        if (stopped()) return;
        try {
          await unlockJobs(options.pool, [before]);
          current = await start(options);
          if (stopped()) await stop(current); // `stop` knew the one before
          break;
        } catch (error) {
          options.log.warn({ err: error }, "the job queue could not be started; trying again");
        }
      }
    }
  }
}

interface Started {
  readonly runner: Runner;
  /** Resolves when nothing of it runs any more, with why. */
  readonly ended: Promise<unknown>;
  readonly poolId: string;
  /** Ms since it had a job in hand. */
  readonly idleFor: () => number;
}

/** Resolves when it has ended, its running jobs before it. */
async function stop({ runner, ended }: Started): Promise<void> {
  await Promise.race([runner.stop().catch(() => undefined), ended]); // it may be stopping already
}

/**
 * Where the ends of several jobs cannot be reported, graphile-worker 0.18 counts those still under way wrong, and at its own end waits for
 * them for ever: with all that it does before done, which these events tell, it is left there.
 */
async function stuck(events: WorkerEvents): Promise<unknown> {
  const [{ error }] = (await once(events, "pool:fatalError")) as [{ readonly error: unknown }];
  const over = ["pool:gracefulShutdown:complete", "pool:forcefulShutdown:complete", "pool:forcefulShutdown:error"];
  await Promise.race(over.map(async (event) => once(events, event)));
  return error;
}

/** Says that it lives. */
async function beat({ pool }: QueueOptions, { poolId, idleFor }: Started): Promise<void> {
  await beatQueueWorker(pool, poolId, idleFor() > beatEvery);
}

/** Resolves when it listens and has said so; where it cannot, nothing of it is left. */
async function start(options: QueueOptions): Promise<Started> {
  const { pool, log, tasks, concurrency, cron = {}, pollInterval = 5_000, hears, onJob } = options;
  const parsedCronItems = parseCronItems(
    Object.entries(cron).map(([task, match]) => ({ task, match, identifier: task })),
  );
  const events: WorkerEvents = new EventEmitter();
  let poolId = "";
  let inHand = 0;
  let idleSince = performance.now();
  // Before it listens, a job that is added is found only by the next poll.
  const listening = once(events, "pool:listen:success");
  const isStuck = stuck(events);
  events.on("pool:create", ({ workerPool }) => (poolId = workerPool.id));
  events.on("pool:listen:success", ({ client }) => {
    if (hears === undefined) return;
    client.on("notification", ({ channel, payload = "" }) => {
      if (channel === hears.channel) hears.notice(payload);
    });
    client.query(`listen ${hears.channel}`).catch(() => undefined); // lost: it connects, and comes here, once more
  });
  events.on("job:start", () => (inHand += 1));
  events.on("job:complete", ({ job, error }) => {
    inHand -= 1;
    idleSince = performance.now();
    onJob?.(job.task_identifier, error == null ? "done" : "failed");
  });
  const runner = await run({
    // Batched, a job's end that cannot be reported ends the queue, and we start it again; one by one it would be a rejection
    // that nobody handles, and end the process.
    preset: { worker: { completeJobBatchDelay: 0, failJobBatchDelay: 0 } },
    pgPool: pool,
    taskList: tasks,
    concurrency,
    pollInterval,
    noHandleSignals: true,
    parsedCronItems,
    events,
    logger: new Logger(() => (level, message) => {
      if (level === "error" || level === "warning") log.warn({ queue: message }, "the job queue says");
      else log.debug({ queue: message }, "the job queue says");
    }),
  });
  const ended = Promise.race([runner.promise.catch((error: unknown) => error), isStuck]);
  await Promise.race([listening, runner.promise, isStuck]);
  const started = { runner, ended, poolId, idleFor: () => (inHand > 0 ? 0 : performance.now() - idleSince) };
  try {
    await beat(options, started);
  } catch (error) {
    await stop(started);
    throw error;
  }
  return started;
}
