// Before a GPU is granted again: is it clean? An ended container can leave a process, or memory, on a GPU. What was released
// stands in skeduler.withheld_gpus until a check after that release finds nothing on it; what is dirty is looked at again.

import { offerGpus, readWithheldGpus, withholdGpus } from "../database/statements/withheld-gpus.ts";
import type { Pool } from "../database/pool.ts";
import { gpuUses } from "../docker/gpus.ts";
import type { Log } from "../log.ts";
import { oneAtATime } from "./one-at-a-time.ts";

/** How often dirty GPUs are looked at again, and those whose check was lost. */
const lookEvery = 5_000;

export interface GpuCheckOptions {
  readonly db: Pool;
  readonly log: Log;
  readonly host: string;
  readonly epoch: string;
  /** MiB on an idle GPU that count as nothing: drivers keep some. */
  readonly idleMemoryMiB: number;
}

export class GpuChecks {
  readonly #options: GpuCheckOptions;
  readonly #timer: NodeJS.Timeout;

  constructor(options: GpuCheckOptions) {
    this.#options = options;
    this.#timer = setInterval(this.soon, lookEvery);
  }

  /** GPUs were released: they are checked off everybody's path. */
  readonly soon = (): void => {
    this.#look().catch((error: unknown) =>
      this.#options.log.warn({ err: error }, "GPUs could not be checked; trying again"),
    );
  };

  async close(): Promise<void> {
    clearInterval(this.#timer);
    await this.#look().catch(() => undefined); // one in flight ends first
  }

  readonly #look = oneAtATime(async () => {
    const { db, log, host, epoch, idleMemoryMiB } = this.#options;
    const withheld = await readWithheldGpus(db, host, epoch);
    if (withheld.length === 0) return;
    const uses = await gpuUses();
    const found = withheld.map((one) => ({ ...one, reason: dirt(one.gpu) }));
    const clean = found.filter(({ reason }) => reason === undefined);
    const dirty = found.flatMap((one) => (one.reason === undefined ? [] : [{ ...one, reason: one.reason }]));
    if (clean.length > 0) await offerGpus(db, host, epoch, clean);
    if (dirty.length === 0) return;
    for (const { gpu, reason } of await withholdGpus(db, host, epoch, dirty))
      log.error({ gpu, reason }, "a GPU is not clean and is not granted until it is");

    function dirt(gpu: string): string | undefined {
      if (typeof uses === "string") return `nvidia-smi failed: ${uses}`;
      const use = uses.get(gpu);
      if (use === undefined) return "nvidia-smi does not show it any more";
      const [process] = use.processes;
      if (process !== undefined) return `process ${process} is still on it`;
      return use.memoryMiB > idleMemoryMiB ? `${use.memoryMiB} MiB of its memory are held by nobody known` : undefined;
    }
  });
}
