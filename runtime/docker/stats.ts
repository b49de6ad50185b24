// What a container has used, as the Engine reads it from the kernel: one look, without the second that Docker otherwise waits to make a
// percentage. Counters only grow; rates are their caller's.

import { z } from "zod";
import { asking, statusOf, type Engine } from "./engine.ts";

const count = z.number().catch(0);
const stats = z.object({
  cpu_stats: z.object({ cpu_usage: z.object({ total_usage: count }) }).optional(), // absent where it has ended meanwhile
  memory_stats: z
    .object({ usage: count, stats: z.record(z.string(), z.unknown()).catch({}) })
    .catch({ usage: 0, stats: {} }),
  networks: z.record(z.string(), z.object({ rx_bytes: count, tx_bytes: count })).catch({}),
  blkio_stats: z
    .object({ io_service_bytes_recursive: z.array(z.object({ op: z.string(), value: count })).catch([]) })
    .catch({ io_service_bytes_recursive: [] }),
});

export interface Usage {
  /** Seconds of CPU. */
  readonly cpu: number;
  /** Bytes now, without the files that the kernel keeps only as long as nobody needs the room. */
  readonly memory: number;
  readonly networkReceived: number;
  readonly networkSent: number;
  readonly diskRead: number;
  readonly diskWritten: number;
}

/** Undefined where the container does not run any more. */
export async function readUsage(engine: Engine, id: string): Promise<Usage | undefined> {
  let answer: unknown;
  try {
    const query = { stream: false, "one-shot": true } as { stream: false };
    answer = await asking(engine, async () => engine.docker.getContainer(id).stats(query));
  } catch (error) {
    if (statusOf(error) === 404 || statusOf(error) === 409) return undefined;
    throw error;
  }
  const { cpu_stats, memory_stats, networks, blkio_stats } = stats.parse(answer);
  if (cpu_stats === undefined || cpu_stats.cpu_usage.total_usage === 0) return undefined;
  // Named differently by the kernel's first and second kind of control groups.
  const cached = Number(memory_stats.stats["inactive_file"] ?? memory_stats.stats["total_inactive_file"] ?? 0);
  const disk = (op: string): number =>
    blkio_stats.io_service_bytes_recursive
      .filter((one) => one.op.toLowerCase() === op)
      .reduce((sum, one) => sum + one.value, 0);
  const all = Object.values(networks);
  return {
    cpu: cpu_stats.cpu_usage.total_usage / 1e9,
    memory: Math.max(0, memory_stats.usage - cached),
    networkReceived: all.reduce((sum, one) => sum + one.rx_bytes, 0),
    networkSent: all.reduce((sum, one) => sum + one.tx_bytes, 0),
    diskRead: disk("read"),
    diskWritten: disk("write"),
  };
}
