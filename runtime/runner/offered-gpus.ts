// Which GPUs this host offers: those that nvidia-smi shows and the configuration names, none in MIG mode.

import { detectGpus, gpusInMigMode, type Gpu } from "../docker/gpus.ts";
import { UserError } from "../errors.ts";
import type { Log } from "../log.ts";

/** `indices`: those of runner.gpus; undefined: all. Throws a UserError where one of them is not there. */
export async function offeredGpus(indices: readonly number[] | undefined, log: Log): Promise<Gpu[]> {
  const found = await detectGpus();
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
