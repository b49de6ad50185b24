// Which GPUs this host offers: those that nvidia-smi shows and the configuration names, none in MIG mode.

import { detectGpus, gpusInMigMode, type Gpu } from "../docker/gpus.ts";
import { UserError } from "../errors.ts";
import type { Log } from "../log.ts";

/** `indices`: those of runner.gpus; undefined: all. A text says why they are not known. Throws a UserError where one of them is not there. */
export async function offeredGpus(indices: readonly number[] | undefined, log: Log): Promise<Gpu[] | string> {
  if (indices?.length === 0) return [];
  const found = await detectGpus();
  if (typeof found === "string") return found;
  const missing = (indices ?? []).filter((index) => !found.some((gpu) => gpu.index === index));
  if (missing.length > 0)
    throw new UserError(`runner.gpus names ${missing.join(", ")}, but nvidia-smi shows ${found.length} GPUs here.`);
  const divided = found.length === 0 ? [] : await gpusInMigMode();
  return found.filter((gpu) => {
    if (indices?.includes(gpu.index) === false) return false;
    const isDivided = divided.includes(gpu.uuid);
    if (isDivided)
      log.warn({ gpu: gpu.uuid, index: gpu.index }, "a GPU in MIG mode is not offered: only whole GPUs are granted");
    return !isDivided;
  });
}

/** What `offeredGpus` could not tell: in words that follow the host's name. Calls `known` where it can be told by now. */
export async function gpuTrouble(unknown: string, known: () => void): Promise<string> {
  const now = await detectGpus();
  if (typeof now !== "string") known();
  const why = typeof now === "string" ? now : unknown;
  return `takes nothing: nvidia-smi cannot tell which GPUs it has (${why}); mend that, or offer none with runner.gpus: []`;
}
