// What this host's containers and GPUs take, every few seconds: one look at each running container, one nvidia-smi for all GPUs, one
// statement. The block that grows is stored anew with each sample, so that it is seen at once, until it is full. While the
// database is away an attempt's newest blocks wait, an hour's at 5 s: metrics are worth less than the memory of a host.

import { storeSamples, type SampledBlock } from "../database/statements/metrics.ts";
import type { Queryable } from "../database/pool.ts";
import type { Engine } from "../docker/engine.ts";
import { gpuReadings, type GpuReading } from "../docker/gpus.ts";
import { readUsage, type Usage } from "../docker/stats.ts";
import type { Log } from "../log.ts";
import { BlockBuilder } from "../metrics/block.ts";

/** Samples in a block at most: a row of less than 2 kB, which Postgres rewrites in place. */
const blockLength = 16;
/** Blocks that wait for the database, per attempt. */
const keptBlocks = 45;
/** Containers that are looked at together: the Engine reads files of the kernel for each. */
const atOnce = 4;

export interface Sampled {
  readonly attemptId: string;
  readonly containerId: string;
  readonly gpus: readonly string[];
}

interface Followed extends Sampled {
  readonly blocks: BlockBuilder[];
  last: { readonly at: number; readonly usage: Usage } | undefined;
}

export interface SamplerOptions {
  readonly db: Queryable;
  readonly engine: Engine;
  readonly log: Log;
  readonly epoch: string;
  /** Ms; 0: never. */
  readonly interval: number;
  /** Told how long each look took, seconds. */
  readonly looked: (seconds: number) => void;
}

export class MetricSampler {
  readonly #options: SamplerOptions;
  readonly #followed = new Map<string, Followed>();
  readonly #timer: NodeJS.Timeout | undefined;
  #looking: Promise<void> | undefined;

  constructor(options: SamplerOptions) {
    this.#options = options;
    if (options.interval > 0) this.#timer = setInterval(() => this.#tick(), options.interval);
  }

  /** Samples a running container until the returned function is called. */
  follow(sampled: Sampled): () => void {
    this.#followed.set(sampled.attemptId, { ...sampled, blocks: [], last: undefined });
    return () => this.#followed.delete(sampled.attemptId);
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    await this.#looking;
  }

  /** One look at a time: where one takes longer than the interval, the next is left out. */
  #tick(): void {
    if (this.#followed.size === 0) return;
    this.#looking ??= this.#look()
      .catch((error: unknown) =>
        this.#options.log.warn({ err: error }, "not all metrics could be sampled; trying again"),
      )
      .finally(() => (this.#looking = undefined));
  }

  async #look(): Promise<void> {
    const began = performance.now();
    const time = Date.now();
    const followed = [...this.#followed.values()];
    // What one does not tell costs the others nothing.
    const faults: unknown[] = [];
    const missed = (error: unknown): undefined => void faults.push(error);
    const asked = followed.some((one) => one.gpus.length > 0);
    const readings = asked ? await gpuReadings().catch(missed) : undefined;
    for (let at = 0; at < followed.length; at += atOnce)
      await Promise.all(
        followed.slice(at, at + atOnce).map(async (one) => this.#sample(one, time, readings).catch(missed)),
      );
    await this.#store(followed);
    this.#options.looked((performance.now() - began) / 1000);
    if (faults.length > 0) throw new AggregateError(faults);
  }

  async #sample(one: Followed, time: number, readings: ReadonlyMap<string, GpuReading> = new Map()): Promise<void> {
    const usage = await readUsage(this.#options.engine, one.containerId);
    if (usage === undefined) return;
    const values = new Map<string, number | null>([
      ...ofContainer(usage, one.last, time),
      ...ofGpus(one.gpus, readings),
    ]);
    one.last = { at: time, usage };
    if (values.size === 0) return;
    const last = one.blocks.at(-1);
    const block = last !== undefined && last.samples < blockLength ? last : new BlockBuilder();
    block.add({ time, values });
    if (block !== last) one.blocks.push(block);
    one.blocks.splice(0, Math.max(0, one.blocks.length - keptBlocks));
  }

  async #store(followed: readonly Followed[]): Promise<void> {
    const blocks: SampledBlock[] = followed.flatMap((one) =>
      one.blocks.map((block) => ({ attemptId: one.attemptId, block: block.build() })),
    );
    if (blocks.length === 0) return;
    await storeSamples(this.#options.db, this.#options.epoch, blocks);
    // What is stored is done with, but for the one that grows.
    for (const one of followed) one.blocks.splice(0, one.blocks.length - 1);
  }
}

/** What is known now, each by its name; a rate is null where it was not known before. */
function ofContainer(usage: Usage, last: Followed["last"], time: number): [string, number | null][] {
  const seconds = last === undefined ? 0 : (time - last.at) / 1000;
  const rate = (of: keyof Usage): number | null | undefined => {
    const [now, before] = [usage[of], last?.usage[of]];
    if (now === undefined) return undefined;
    return before === undefined || seconds <= 0 ? null : Math.max(0, now - before) / seconds;
  };
  const values: [string, number | null | undefined][] = [
    ["cpu", rate("cpu")],
    ["memory", usage.memory],
    ["network_received", rate("networkReceived")],
    ["network_sent", rate("networkSent")],
    ["disk_read", rate("diskRead")],
    ["disk_written", rate("diskWritten")],
  ];
  return values.flatMap(([name, value]) => (value === undefined ? [] : [[name, value]]));
}

function ofGpus(gpus: readonly string[], readings: ReadonlyMap<string, GpuReading>): [string, number | null][] {
  return gpus.flatMap((gpu) => {
    const found = readings.get(gpu);
    return found === undefined
      ? []
      : [
          [`gpu_utilisation/${gpu}`, found.utilisation] as [string, number | null],
          [`gpu_memory/${gpu}`, found.memory],
          [`gpu_power/${gpu}`, found.power],
          [`gpu_temperature/${gpu}`, found.temperature],
        ];
  });
}
