// The queue of one task that delivers: jobs say for which target something waits; what a process that died left undone is
// found by a look now and then.

import type { Pool } from "../database/pool.ts";
import { startQueue } from "../database/queue.ts";
import { wakeTargets } from "../database/statements/notifications.ts";
import type { Log } from "../log.ts";
import { notifyTarget } from "../../tasks/notify-target.ts";

export interface DeliveryOptions {
  readonly db: Pool;
  readonly log: Log;
  readonly task: string;
  /** Targets delivered to at once. */
  readonly concurrency: number;
  readonly deliver: (target: string) => Promise<void>;
}

/** How often overdue notifications are looked for, ms. */
const wakeEvery = 5_000;
/** For jobs of a later time, like another try, ms. */
const pollInterval = 1_000;

/** Answers how it is stopped: that ends when the deliveries under way have. */
export async function startDelivery(options: DeliveryOptions): Promise<() => Promise<void>> {
  const { db, log, task, concurrency, deliver } = options;
  const queue = await startQueue({
    pool: db,
    log,
    tasks: { [task]: notifyTarget(deliver) },
    concurrency,
    pollInterval,
  });
  const wake = (): void => {
    wakeTargets(db, task).catch((error: unknown) =>
      log.warn({ err: error }, "overdue notifications could not be looked for"),
    );
  };
  const waking = setInterval(wake, wakeEvery);
  wake();
  return async () => {
    clearInterval(waking);
    await queue.stop();
  };
}
