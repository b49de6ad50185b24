// Notifications in one API process: tells the database which targets there are, and delivers what it finds for them. With
// no target configured nothing is started. Every API process has the same targets; whichever is free delivers.

import type { Config } from "../config/schema.ts";
import type { TargetConfig } from "../config/notifications.ts";
import { backgroundPatience, createPool, type Pool } from "../database/pool.ts";
import { startQueue } from "../database/queue.ts";
import { registerTargets, wakeTargets, type TargetRow } from "../database/statements/notifications.ts";
import type { Log } from "../log.ts";
import { notifyTarget, notifyTargetTask } from "../../tasks/notify-target.ts";
import { channelOf } from "./channels.ts";
import { drain } from "./drain.ts";

export interface NotificationsOptions {
  readonly config: Config;
  readonly database: string;
  /** For the registration. */
  readonly db: Pool;
  readonly log: Log;
}

export interface Notifications {
  close(): Promise<void>;
}

/** Postgres connections at most: one listens, deliveries need one for moments only. */
const connections = 4;
/** Targets delivered to at once at most. */
const mostAtOnce = 20;
/** How often overdue notifications are looked for, ms. */
const wakeEvery = 5_000;
/** For what is later than now, like another try, ms. */
const pollInterval = 1_000;
/** What is being sent when the process stops has so long to end, ms. */
const grace = 2_000;

export async function startNotifications(options: NotificationsOptions): Promise<Notifications> {
  const { config, database, db, log } = options;
  const { targets, ...patience } = config.notifications;
  await registerTargets(db, [notifyTargetTask], targets.map(rowOf));
  if (targets.length === 0) return { close: async () => Promise.resolve() };
  const pool = createPool({
    url: database,
    max: connections,
    name: "skeduler notifications",
    log,
    patience: backgroundPatience,
  });
  const channels = new Map(targets.map((target) => [target.name, channelOf(target, config.notifications, pool)]));
  const stopping = new AbortController();
  const cut = new AbortController();
  const deliver = async (target: string): Promise<void> => {
    const channel = channels.get(target);
    if (channel === undefined) return; // another process was started with another configuration
    await drain({ db: pool, log, target, channel, patience, stopping: stopping.signal, cut: cut.signal });
  };
  const queue = await startQueue({
    pool,
    log,
    tasks: { [notifyTargetTask]: notifyTarget(deliver) },
    concurrency: Math.min(targets.length, mostAtOnce),
    pollInterval,
  });
  const wake = (): void => {
    wakeTargets(pool, notifyTargetTask).catch((error: unknown) =>
      log.warn({ err: error }, "overdue notifications could not be looked for"),
    );
  };
  const waking = setInterval(wake, wakeEvery);
  wake();
  return {
    close: async () => {
      clearInterval(waking);
      stopping.abort();
      const cutting = setTimeout(() => cut.abort(), grace);
      await queue.stop();
      clearTimeout(cutting);
      await pool.end();
    },
  };
}

function rowOf(target: TargetConfig): TargetRow {
  const { name, statuses, owners, names } = target;
  const patterns = names.map((pattern) => pattern.replace(/[\\%_]/g, "\\$&").replaceAll("*", "%"));
  return { name, called: name, task: notifyTargetTask, statuses, owners, names: patterns, byDefault: target.default };
}
