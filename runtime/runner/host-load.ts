// How busy the machine is, as it is told with each heartbeat.

import { freemem, loadavg } from "node:os";
import type { HostLoad } from "../database/statements/registration.ts";
import { freeBytes } from "./disk.ts";

/** `folder`: Docker's data folder. */
export async function hostLoad(folder: string): Promise<HostLoad> {
  return {
    average: loadavg().map((load) => Math.round(load * 100) / 100),
    memory_available: freemem(), // what Linux calls available, caches included
    disk_free: (await freeBytes(folder)) ?? null,
  };
}
