// Room on the disk where Docker keeps images, containers and logs. Below a bound the host takes nothing new and removes images
// that experiments used and that can be pulled again, the least recently used first, never one that a container has.

import { statfs } from "node:fs/promises";
import type { Pool } from "../database/pool.ts";
import { readImageUses } from "../database/statements/runner.ts";
import type { Engine } from "../docker/engine.ts";
import { idleImages, removeImage } from "../docker/images.ts";
import type { Log } from "../log.ts";

export interface DiskOptions {
  readonly db: Pool;
  readonly engine: Engine;
  readonly log: Log;
  readonly host: string;
  /** Docker's data folder. */
  readonly folder: string;
  /** Bytes that have to be free. */
  readonly least: number;
}

/** Why the host takes nothing, in words; undefined where there is room. Removes images first. */
export async function diskTrouble(options: DiskOptions): Promise<string | undefined> {
  const { folder, least } = options;
  let free = await freeBytes(folder);
  if (free === undefined || free >= least) return undefined;
  for await (const image of removable(options)) {
    if (await removeImage(options.engine, image))
      options.log.warn({ image, free }, "an image was removed: the disk is short of room");
    free = (await freeBytes(folder)) ?? least;
    if (free >= least) return undefined;
  }
  return `takes nothing: ${gib(free)} of disk are free in ${folder}, less than ${gib(least)}`;
}

/** Undefined where the folder cannot be seen from here: an Engine elsewhere. */
export async function freeBytes(folder: string): Promise<number | undefined> {
  try {
    const { bavail, bsize } = await statfs(folder);
    return bavail * bsize;
  } catch {
    return undefined;
  }
}

async function* removable({ db, engine, host }: DiskOptions): AsyncGenerator<string> {
  const idle = await idleImages(engine);
  if (idle.size === 0) return;
  for (const image of await readImageUses(db, host)) if (idle.has(image)) yield image;
}

function gib(bytes: number): string {
  return `${(bytes / 1024 ** 3).toFixed(1)} GiB`;
}
