// One API process: HTTP and websocket, and the control tasks (placement, housekeeping). Any number of them share a database.
// `close` ends it in the order that loses nothing: no new requests, tails told, jobs ended, connections closed.

import { hostname } from "node:os";
import type { Hono } from "hono";
import { createExperiment } from "../functions/create-experiment.ts";
import { createTelegramLink } from "../functions/create-telegram-link.ts";
import { deleteHost } from "../functions/delete-host.ts";
import { getExperimentMetrics } from "../functions/get-experiment-metrics.ts";
import { getExperiment } from "../functions/get-experiment.ts";
import { getGroup } from "../functions/get-group.ts";
import { getHost } from "../functions/get-host.ts";
import { getMetrics } from "../functions/get-metrics.ts";
import { getPlacement } from "../functions/get-placement.ts";
import { listEvents } from "../functions/list-events.ts";
import { listExperiments } from "../functions/list-experiments.ts";
import { listGroups } from "../functions/list-groups.ts";
import { listHosts } from "../functions/list-hosts.ts";
import { getNotification, listNotifications } from "../functions/list-notifications.ts";
import { readLogs } from "../functions/read-logs.ts";
import { resendNotifications, resendNotification } from "../functions/resend-notifications.ts";
import { streamEvents } from "../functions/stream-events.ts";
import { openTail, tailLogs } from "../functions/tail-logs.ts";
import { updateExperiment } from "../functions/update-experiment.ts";
import { updateGroup } from "../functions/update-group.ts";
import { updateHost } from "../functions/update-host.ts";
import { expireLogs, expireLogsTask } from "../tasks/expire-logs.ts";
import { keepHouse, keepHouseTask } from "../tasks/keep-house.ts";
import { placeExperiments, placeExperimentsTask } from "../tasks/place-experiments.ts";
import type { Config } from "./config/schema.ts";
import { quotaOf } from "./config/owners.ts";
import type { Token } from "./config/token-list.ts";
import { startFault } from "./database/faults.ts";
import { listen } from "./database/listener.ts";
import { requireMigrated, requireWritable } from "./database/migrate.ts";
import { Notifier } from "./database/notifier.ts";
import { pipelineOf } from "./database/pipeline.ts";
import { backgroundPatience, connectPool, createPool } from "./database/pool.ts";
import { startQueue } from "./database/queue.ts";
import { giveUpLostHosts } from "./database/statements/hosts.ts";
import { isTodayPrepared, preparePartitions } from "./database/statements/housekeeping.ts";
import { settleEvents } from "./database/statements/read-events.ts";
import { EventFeed } from "./events/feed.ts";
import type { Env } from "./http/env.ts";
import { serve } from "./http/listen.ts";
import { createRouter } from "./http/router.ts";
import { createUpgrade } from "./http/upgrade.ts";
import { LogFeed } from "./logs/feed.ts";
import type { Log } from "./log.ts";
import { startNotifications, type Notifications } from "./notifications/start.ts";
import { calledTelegram } from "./notifications/telegram/targets.ts";
import { ApiMetrics } from "./telemetry/api-metrics.ts";
import { startTracing, type Tracing } from "./telemetry/tracing.ts";
import { Placement } from "./placement.ts";
import { versionOf } from "./version.ts";

/** Postgres connections at most: requests are gathered, so a few carry thousands a second. */
const connections = 10;
/** And for placement and the queue, so that a flood of requests never keeps them waiting. */
const controlConnections = 3;
/** Placement looks by itself this often, ms, in case a queue job was lost. */
const placeEvery = 5_000;

export interface Api {
  readonly url: string;
  readonly port: number;
  close(): Promise<void>;
}

export interface ApiOptions {
  readonly config: Config;
  readonly database: string;
  readonly tokens: readonly Token[];
  readonly log: Log;
}

export async function startApi({ config, database, tokens, log }: ApiOptions): Promise<Api> {
  const tracing = await startTracing(config.tracing, { role: "api", version: versionOf(), host: hostname(), log });
  const db = await connectPool({ url: database, max: connections, name: "skeduler api", log });
  try {
    await requireMigrated(db);
    await preparePartitions(db).catch(async (error: unknown) => {
      if (!(await isTodayPrepared(db))) throw error;
      log.warn({ err: error }, "the days ahead have no partitions yet; that is tried again within the hour");
    });
    await settleEvents(db);
  } catch (error) {
    await db.end();
    throw startFault(database, error);
  }
  const control = createPool({
    url: database,
    max: controlConnections,
    name: "skeduler control",
    log,
    patience: backgroundPatience,
  });
  // One that stays: a lone POST would else wait until it has connected and planned its statement.
  const creation = createPool({ url: database, max: 1, min: 1, name: "skeduler create", log, pipeline: true });
  const closing = new AbortController();
  const feed = new LogFeed(db);
  const events = new EventFeed(db);
  const metrics = new ApiMetrics({
    db: control,
    log,
    version: versionOf(),
    pools: { api: db, control, create: creation },
    tails: () => feed.followers,
    eventStreams: () => events.followers,
  });
  const notifier = new Notifier(db, log);
  const { half_life: halfLife, weights } = config.scheduler.fair_share;
  const placement = new Placement({
    db: control,
    reads: db,
    defaultExpected: config.scheduler.default_expected,
    ageing: config.scheduler.ageing || undefined,
    fairShare: halfLife === 0 ? undefined : { halfLife, weights },
    quota: (owner) => quotaOf(config.quotas, owner).gpus,
    passed: (pass) => {
      metrics.placed(pass);
      const to = Date.now();
      for (const [experimentId, seconds] of pass.waits)
        tracing?.passed({ experimentId, name: "wait for a place", from: to - seconds * 1000, to });
    },
  });
  const placeSoon = (): void => {
    placement.run().catch((error: unknown) => log.warn({ err: error }, "placement failed; the queue job tries again"));
  };
  const tail = { db, feed, closing: closing.signal };
  const shared = { db, maxBody: config.http.max_body, placeSoon };
  const waitingQuota = (owner: string): number | undefined => quotaOf(config.quotas, owner).waiting;
  const targets = config.notifications.targets.map(({ name }) => name);
  if (config.telegram_token !== "") targets.push(calledTelegram);
  const app: Hono<Env> = createRouter({
    functions: {
      createExperiment: createExperiment({
        ...shared,
        pipeline: pipelineOf(creation),
        targets,
        created: tracing && tellOf(tracing),
        waitingQuota,
      }),
      listExperiments: listExperiments({ db }),
      getExperiment: getExperiment({ db }),
      getPlacement: getPlacement({ placement }),
      listGroups: listGroups({ db }),
      getGroup: getGroup({ db, closing: closing.signal }),
      updateGroup: updateGroup({ ...shared, notifier }),
      listHosts: listHosts({ db }),
      getHost: getHost({ db }),
      updateHost: updateHost(shared),
      deleteHost: deleteHost({ db }),
      listEvents: listEvents({ db }),
      streamEvents: streamEvents({ db, feed: events, closing: closing.signal }),
      listNotifications: listNotifications({ db }),
      getNotification: getNotification({ db }),
      resendNotification: resendNotification({ db }),
      resendNotifications: resendNotifications(shared),
      createTelegramLink: createTelegramLink({ db, configured: config.telegram_token !== "" }),
      updateExperiment: updateExperiment({ ...shared, targets, waitingQuota, notifier }),
      getMetrics: getMetrics(metrics),
      getExperimentMetrics: getExperimentMetrics({ db }),
      readLogs: readLogs({ db }),
      tailLogs: tailLogs(tail),
    },
    tokens,
    config,
    log,
    ready: async () => {
      await requireMigrated(db);
      await requireWritable(db);
    },
    answered: metrics.answered,
  });
  const upgrade = createUpgrade({
    tokens,
    config,
    log,
    openTail: openTail(tail),
  });

  let notifications: Notifications | undefined;
  let listening: Promise<void> | undefined;
  const stop = async (): Promise<void> => {
    await notifications?.close();
    closing.abort(new Error("the server is stopping"));
    feed.close();
    await events.close();
    await listening;
    await notifier.idle();
    await tracing?.close();
    await Promise.all([control.end(), creation.end(), db.end()]);
  };
  try {
    // Before the first change that somebody might have to be told of.
    notifications = await startNotifications({
      config,
      database,
      db,
      log,
      why: async (id) => (await placement.explain(id))?.message,
      changed: (id) => {
        notifier.changed(id);
        placeSoon();
      },
    });
    // After them: what it hears may place.
    listening = listen({
      db: control,
      url: database,
      log,
      signal: closing.signal,
      onChanged: (ids) => {
        feed.wake(ids);
        events.wake();
      },
      onGrown: (id, notice) => feed.grew(id, notice),
      onPlaceFree: placeSoon,
      onConnected: () => {
        feed.reset();
        events.wake();
        placeSoon();
      },
      onHeard: metrics.heard,
    });
    const server = await serve(app, config, { onUpgrade: upgrade.onUpgrade, log });
    const queue = await startQueue({
      pool: control,
      log,
      tasks: {
        [placeExperimentsTask]: placeExperiments(placement),
        [expireLogsTask]: expireLogs({ db: control, retention: config.logs.retention, log }),
        [keepHouseTask]: keepHouse(control, config.notifications.keep),
      },
      concurrency: 2,
      onJob: metrics.jobEnded,
      cron: { [keepHouseTask]: "17 * * * *", [expireLogsTask]: "47 * * * *" },
    });
    const watchHosts = async (): Promise<void> => {
      for (const id of await giveUpLostHosts(control, config.hosts.lost_after)) notifier.closed(id);
    };
    const backstop = setInterval(() => {
      placeSoon();
      watchHosts().catch((error: unknown) => log.warn({ err: error }, "silent hosts could not be looked for"));
    }, placeEvery);
    placeSoon();
    return {
      url: server.url,
      port: server.port,
      close: async () => {
        clearInterval(backstop);
        const closed = server.close("shutdown");
        await upgrade.close();
        closing.abort(new Error("the server is stopping"));
        await closed;
        // Side by side: where a connection is silent, each may wait for it.
        await Promise.all([queue.stop(), notifications?.close()]);
        notifications = undefined;
        await stop();
      },
    };
  } catch (error) {
    await stop();
    throw startFault(database, error);
  }
}

function tellOf(tracing: Tracing): (ids: readonly string[], began: number) => void {
  return (ids, from) => {
    const to = Date.now();
    const attributes = { "http.request.method": "POST", "http.route": "/experiments" };
    for (const experimentId of ids) tracing.posted({ experimentId, name: "POST /experiments", from, to, attributes });
  };
}
