// graphile-worker as we use it: our pool, our log, no signal handlers of its own, and the id of its pool, under which
// it locks jobs, for whoever has to unlock them after us.

import { EventEmitter, once } from "node:events";
import { Logger, parseCronItems, run, type TaskList, type WorkerEvents } from "graphile-worker";
import type { Log } from "../log.ts";
import type { Pool } from "./pool.ts";

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
}

/** How often it looks without having been notified, ms: the notification is what makes it fast. */
const pollInterval = 5_000;

export async function startQueue({ pool, log, tasks, concurrency, cron = {} }: QueueOptions): Promise<Queue> {
  const parsedCronItems = parseCronItems(
    Object.entries(cron).map(([task, match]) => ({ task, match, identifier: task })),
  );
  const events: WorkerEvents = new EventEmitter();
  let poolId = "";
  // Before it listens, a job that is added is found only by the next poll.
  const listening = once(events, "pool:listen:success");
  events.on("pool:create", ({ workerPool }) => (poolId = workerPool.id));
  const runner = await run({
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
  // Stopped by us or by a fault: `stop` waits for it either way, and says what went wrong.
  runner.promise.catch((error: unknown) => log.error({ err: error }, "the job queue ended"));
  await Promise.race([listening, runner.promise]);
  return {
    poolId,
    stop: async () => {
      await runner.stop().catch(() => undefined); // already stopping
      await runner.promise.catch(() => undefined); // logged above
    },
  };
}
