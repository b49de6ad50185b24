// One runner process: registers its host, takes up what it finds, then reconciles: at once by notices and queue
// jobs, every few seconds anyway. Leaves containers running when it stops. Needs Postgres and the local Docker Engine, and
// nobody needs it.

import { hostname } from "node:os";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { startExperiment, startExperimentTask } from "../../tasks/start-experiment.ts";
import { stopExperiment, stopExperimentTask } from "../../tasks/stop-experiment.ts";
import type { Config } from "../config/schema.ts";
import { bufferCollector } from "../database/collect-buffers.ts";
import { startFault } from "../database/faults.ts";
import { requireMigrated } from "../database/migrate.ts";
import { Notifier } from "../database/notifier.ts";
import { backgroundPatience, connectPool, type Pool } from "../database/pool.ts";
import { startQueue } from "../database/queue.ts";
import { placedChannel } from "../database/statements/placement.ts";
import { readHostsOfEngine, readInstallation, recordPool, registerHost } from "../database/statements/registration.ts";
import { recordInterruption, type Heard } from "../database/statements/runner.ts";
import {
  connectEngine,
  describeEngine,
  EngineUnreachable,
  type Engine,
  type EngineDescription,
} from "../docker/engine.ts";
import { UserError } from "../errors.ts";
import type { Listening } from "../http/listen.ts";
import type { Log } from "../log.ts";
import { RunnerMetrics } from "../telemetry/runner-metrics.ts";
import { startTracing, type Tracing } from "../telemetry/tracing.ts";
import { Canary } from "./canary.ts";
import { compareWithDatabase } from "./compare.ts";
import { diskTrouble } from "./disk.ts";
import { hostLoad } from "./host-load.ts";
import { serveEndpoint } from "./endpoint.ts";
import { Interruptions } from "./engine-trouble.ts";
import { Fence, fencedWithin } from "./fence.ts";
import { GpuChecks } from "./gpu-checks.ts";
import { HostMemory } from "./host-memory.ts";
import { MetricSampler } from "./metric-sampler.ts";
import { lane } from "./lane.ts";
import { gpuTrouble, offeredGpus } from "./offered-gpus.ts";
import { outputTrouble } from "./output-folder.ts";
import { Presence } from "./presence.ts";
import { policyOf } from "./policy.ts";
import { Reconciler } from "./reconciler.ts";

/** One for the queue's LISTEN, two for everything else: hundreds of hosts share one Postgres. */
const connections = 3;
const reconcileEvery = 5_000;
const sweepEvery = 30_000;
/** Between two tries to start anew, ms. */
const renewAfter = 1_000;

export interface Runner {
  readonly host: string;
  readonly slots: number;
  /** Where it answers /metrics; undefined: nowhere. */
  readonly url: string | undefined;
  /** Rejects when the runner cannot go on (another one took over its host). */
  readonly lost: Promise<never>;
  /** Leaves every container running. */
  close(): Promise<void>;
}

export interface RunnerOptions {
  readonly config: Config;
  readonly database: string;
  readonly version: string;
  readonly log: Log;
}

/** Starts it, and anew each time that its database turns out to be an older one, or GPUs are known that were not: containers go on meanwhile. */
export async function startRunner(options: RunnerOptions): Promise<Runner> {
  const { log } = options;
  const { promise: lost, reject: lose } = Promise.withResolvers<never>();
  lost.catch(() => undefined); // whoever waits for it hears of it
  const closing = new AbortController();
  let renewing: Promise<void> | undefined;
  let current: Started | undefined;
  const first = await startOnce(options, { lose, renew }).catch((error: unknown) => {
    throw faultOf(error, options.database);
  });
  current = first;
  try {
    await Promise.race([first.ready, lost]);
  } catch (error) {
    await close();
    throw error;
  }
  const { host, slots, url } = first;
  return { host, slots, url, lost, close };

  async function close(): Promise<void> {
    closing.abort();
    await renewing;
    await current?.close();
  }

  function renew(why: string): void {
    if (current === undefined) return; // it is starting: the next heartbeat says so again
    renewing = startAnew(current, why);
    current = undefined;
  }

  async function startAnew(before: Started, why: string): Promise<void> {
    log.error(`${why}; what runs here goes on`);
    await before.close();
    while (!closing.signal.aborted) {
      try {
        current = await startOnce(options, { lose, renew });
        return;
      } catch (error) {
        log.error({ err: error }, "the runner could not start anew; trying again");
        await sleep(renewAfter, undefined, { signal: closing.signal }).catch(() => undefined);
      }
    }
  }
}

interface Started extends Omit<Runner, "lost"> {
  /** Resolves when a first clean-up has ended and the canary's answer is known. */
  readonly ready: Promise<void>;
}

interface Outcomes {
  /** This process must not run the host: another one does now, or its GPUs are not exclusive. */
  readonly lose: (error: UserError) => void;
  /** All is to be started anew, containers go on: the database was restored, or GPUs are known now. */
  readonly renew: (why: string) => void;
}

async function startOnce(options: RunnerOptions, outcomes: Outcomes): Promise<Started> {
  const { config, database, version } = options;
  const host = config.runner.name ?? hostname();
  const log = options.log.child({ host });
  const engine = connectEngine(config.docker.host);
  const about = await describeEngine(engine);
  await using parts = new AsyncDisposableStack(); // a start that fails leaves nothing of itself behind
  const db = parts.adopt(
    await connectPool({ url: database, max: connections, name: "skeduler runner", log, patience: backgroundPatience }),
    async (pool) => pool.end(),
  );
  const metrics = new RunnerMetrics({ version, host, pools: { runner: db } });
  const tracing = parts.adopt(
    await startTracing(config.tracing, { role: "runner", version, host, log }),
    async (traces) => traces?.close(),
  );
  await requireMigrated(db);
  // Before the host is registered: a port that is taken leaves nothing half done.
  const endpoint = parts.adopt(await serveEndpoint(config, { metrics, log }), async (one) => one?.close("shutdown"));
  const known = { ...outcomes, host, db, engine, about, metrics, tracing, endpoint, parts };
  const started = await start({ ...options, log }, known);
  const running = parts.move();
  return { ...started, close: async () => running.disposeAsync() };
}

/** What a first start met, in a sentence where an operator can mend it: Docker's absence, or the database's. */
function faultOf(error: unknown, database: string): unknown {
  return error instanceof EngineUnreachable
    ? new UserError(`${error.message} Start Docker, or set docker.host.`, { cause: error })
    : startFault(database, error);
}

interface Parts extends Outcomes {
  readonly host: string;
  readonly db: Pool;
  readonly engine: Engine;
  readonly about: EngineDescription;
  readonly metrics: RunnerMetrics;
  readonly tracing: Tracing | undefined;
  readonly endpoint: Listening | undefined;
  /** What has to be ended, in the reverse order of its beginning. */
  readonly parts: AsyncDisposableStack;
}

async function start(
  { config, version, log }: RunnerOptions,
  { lose, renew, host, db, engine, about, metrics, tracing, endpoint, parts }: Parts,
): Promise<Omit<Started, "close">> {
  const offered = await offeredGpus(config.runner.gpus, log);
  const gpus = typeof offered === "string" ? undefined : offered;
  const checksGpus = gpus?.length !== 0 && config.runner.check_gpus;
  const slots = config.runner.slots ?? Math.max(gpus?.length ?? 0, about.cpus);
  const fencing = { after: config.runner.fence_after || undefined, grace: config.runner.stop_grace };
  const memory = await HostMemory.open(join(config.data, "hosts", host), await readInstallation(db), log);
  const strange = memory.marks === undefined;
  const registered = await registerHost(db, {
    known: memory.marks,
    fencedWithin: fencedWithin(fencing),
    checksGpus,
    name: host,
    engineId: about.id,
    slots,
    labels: config.runner.labels,
    gpus,
    cpus: about.cpus,
    memoryBytes: about.memoryBytes,
    most: { cpus: config.container.max_cpus, memoryBytes: config.container.max_memory },
    version,
  });
  if (registered === undefined) {
    throw new UserError(
      `The host name "${host}" belongs to another Docker Engine: give this one a name of its own (runner.name), or DELETE /hosts/${host} when that machine is gone, or its Engine was installed anew.`,
    );
  }
  const others = await readHostsOfEngine(db, about.id, host);
  if (others.length > 0)
    log.warn(
      { others },
      "this Docker Engine is known as another host as well: two runners would offer one machine twice. Where this host was renamed, what still runs under its old name is stopped once it was given up",
    );
  const { installation, epoch } = registered;
  const heard = (): Heard => ({ host, epoch, beats: memory.marks?.beats ?? registered.beats });
  await memory.heard({ epoch, beats: registered.beats });
  // A host without a memory cannot know whether the database was restored: it compares what runs.
  const restored = !registered.compared;
  await compareWithDatabase({ db, engine, log, installation, heard: heard(), memory, restored, strange });
  const notifier = parts.adopt(new Notifier(db, log), async (one) => one.idle());
  const sampler = parts.adopt(
    new MetricSampler({ db, engine, log, epoch, interval: config.metrics.interval, looked: metrics.sampled }),
    async (one) => one.close(),
  );
  const checks = parts.adopt(
    checksGpus
      ? new GpuChecks({ db, log, host, epoch, idleMemoryMiB: config.runner.gpu_idle_memory / 1024 ** 2 })
      : undefined, // nothing is withheld here
    async (one) => one?.close(),
  );
  // Before the fence, which waits for its heartbeats, and the reconciler: it goes on until both have ended.
  const presence = parts.adopt(
    new Presence({
      metrics,
      db,
      engine,
      log,
      host,
      epoch,
      heard,
      memory,
      cleanUp: async () => (await canary.passed) && reconciler.cleanUp(),
      trouble: async () =>
        (typeof offered === "string"
          ? await gpuTrouble(offered, () => renew("nvidia-smi works again: the host's GPUs are known"))
          : undefined) ??
        (await diskTrouble({ db, engine, log, host, folder: about.folder, least: config.runner.min_free_disk })) ??
        outputTrouble(config.runner.outputs),
      load: async () => hostLoad(about.folder),
      onHeard: (sent) => fence.heard(sent),
      onEngine: async () => reconciler.reconcile(),
      onReplaced: lose,
      onRestored: () => renew("the database knows less than this host: it was restored to a moment before"),
    }),
    async (one) => one.close(),
  );
  const fence = parts.adopt(new Fence({ ...fencing, engine, log, installation, host }), (one) => one.close());
  const reconciler = parts.adopt(
    new Reconciler({
      sampler,
      metrics,
      tracing,
      fence,
      interruptions: new Interruptions(async (attemptId, since) => recordInterruption(db, { attemptId, epoch }, since)),
      memory,
      heard,
      released: () => checks?.soon(),
      db,
      engine,
      log,
      installation,
      host,
      epoch,
      pullTimeout: config.runner.pull_timeout,
      stopGrace: config.runner.stop_grace,
      logMaxBytes: config.runner.log_max_size,
      maxLogBytes: config.logs.max_bytes,
      heavy: lane(),
      collect: bufferCollector(1024 * 1024),
      outputs: config.runner.outputs === undefined ? undefined : resolve(config.runner.outputs),
      policy: policyOf(config),
      secrets: config.runner.secrets,
      notifier,
    }),
    async (one) => one.detach(),
  );
  metrics.countAttempts(() => reconciler.size);
  const placed = (on: string): void => {
    if (on === host) reconciler.reconcile().catch(() => undefined); // reconcile itself logs
  };
  const queue = parts.adopt(
    await startQueue({
      pool: db,
      log,
      tasks: {
        [startExperimentTask(host)]: startExperiment(reconciler),
        [stopExperimentTask(host)]: stopExperiment(reconciler),
      },
      concurrency: 2,
      hears: { channel: placedChannel, notice: placed },
      onJob: metrics.jobEnded,
    }),
    async (one) => one.stop(),
  );
  await recordPool(db, host, epoch, { id: queue.poolId, previous: registered.previous_pool });
  const canary = parts.adopt(
    new Canary({ engine, log, installation, host, image: config.runner.canary_image, gpu: gpus?.[0]?.uuid, lose }),
    async (one) => one.close(),
  );
  const every = (ms: number, work: () => Promise<unknown>): NodeJS.Timeout =>
    parts.use(
      setInterval(() => {
        work().catch((error: unknown) => log.error({ err: error }, "a timer of the runner failed"));
      }, ms),
    );
  every(reconcileEvery, async () => reconciler.reconcile());
  every(sweepEvery, async () => reconciler.sweep());
  checks?.soon();
  await presence.start();
  await reconciler.reconcile(); // what runs here is taken up at once, however long the canary takes
  return { host, slots, url: endpoint?.url, ready: ready() };

  async function ready(): Promise<void> {
    await presence.cleaned();
    if (!(await canary.passed)) return;
    log.info({ url: endpoint?.url, slots, gpus: gpus?.length, epoch, engine: about.version }, "the runner is ready");
  }
}
