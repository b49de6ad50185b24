// A volume as a user writes it, in Docker's notation: /host/path:/container/path, then :ro (the default) or :rw. Pure.

import { posix } from "node:path";

export interface Volume {
  readonly source: string;
  readonly target: string;
  readonly writable: boolean;
}

/** Where a mount would hide what the container itself, or Skeduler, has there. */
const reserved = ["/proc", "/sys", "/dev", "/output"];

/** Undefined where the text is not a volume, or its target is one that cannot be mounted over. */
export function parseVolume(text: string): Volume | undefined {
  const [, source, written, mode] = /^(\/[^:\0]*):(\/[^:\0]+?)(?::(ro|rw))?$/.exec(text) ?? [];
  if (source === undefined || written === undefined) return undefined;
  const target = posix.resolve(written);
  if (target === "/" || reserved.some((path) => target === path || target.startsWith(`${path}/`))) return undefined;
  return { source, target, writable: mode === "rw" };
}
