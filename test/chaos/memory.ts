// The memory of every process and the size of every table, sampled: over a long run both must stay flat.

import { readFileSync } from "node:fs";
import type { Observer } from "./observer.ts";
import type { World } from "./world.ts";

export interface Sample {
  /** Seconds since the start. */
  readonly at: number;
  /** Process → MiB resident. */
  readonly memory: Readonly<Record<string, number>>;
  /** Table → KiB with its indexes. */
  readonly tables: Readonly<Record<string, number>>;
}

export async function takeSample(world: World, observer: Observer): Promise<Sample> {
  const memory: Record<string, number> = {};
  for (const { name, pid } of [...world.apis, ...world.runners]) {
    const kib = pid === undefined ? undefined : residentKiB(pid);
    if (kib !== undefined) memory[name] = Math.round(kib / 102.4) / 10;
  }
  const rows = await observer.query<{ name: string; kib: number }>(
    `select n.nspname || '.' || c.relname as name, (pg_total_relation_size(c.oid) / 1024)::int as kib
       from pg_class c join pg_namespace n on n.oid = c.relnamespace
      where c.relkind = 'r' and n.nspname in ('public', 'skeduler', 'graphile_worker') order by 1`,
  );
  const tables = Object.fromEntries((rows ?? []).map(({ name, kib }) => [name, kib]));
  return { at: Math.round(world.findings.seconds), memory, tables };
}

function residentKiB(pid: number): number | undefined {
  try {
    return Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]);
  } catch {
    return undefined;
  }
}
