// What a container has used, as the Engine reads it from the kernel: one look, without the second that Docker otherwise waits to make a
// percentage. Counters only grow; rates are their caller's. What the kernel does not count, or the Engine cannot read, is undefined.

import { z } from "zod";
import { inspectContainer } from "./containers.ts";
import { asking, statusOf, type Engine } from "./engine.ts";

const count = z.number().catch(0);
const stats = z.object({
  cpu_stats: z.object({ cpu_usage: z.object({ total_usage: count }) }).optional(),
  memory_stats: z
    .object({ usage: count, stats: z.record(z.string(), z.unknown()).catch({}) })
    .catch({ usage: 0, stats: {} }),
  networks: z
    .record(z.string(), z.object({ rx_bytes: count, tx_bytes: count }))
    .optional()
    .catch(undefined),
  blkio_stats: z
    .object({ io_service_bytes_recursive: z.array(z.object({ op: z.string(), value: count })).catch([]) })
    .catch({ io_service_bytes_recursive: [] }),
});

export interface Usage {
  /** Seconds of CPU. */
  readonly cpu: number | undefined;
  /** Bytes now, without the files that the kernel keeps only as long as nobody needs the room. */
  readonly memory: number | undefined;
  readonly networkReceived: number | undefined;
  readonly networkSent: number | undefined;
  readonly diskRead: number | undefined;
  readonly diskWritten: number | undefined;
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
  const usage = usageOf(answer);
  if (usage.cpu !== undefined || usage.memory !== undefined) return usage;
  // Of a container that has ended the Engine says as much as of one whose control group it cannot read: nothing.
  return (await inspectContainer(engine, id))?.running === true ? usage : undefined;
}

/** What the Engine's answer tells. Nothing that runs has used no CPU, or no memory, at all: 0 of these is "not known". */
export function usageOf(answer: unknown): Usage {
  const { cpu_stats, memory_stats, networks, blkio_stats } = stats.parse(answer);
  const cpu = cpu_stats?.cpu_usage.total_usage || undefined;
  const memory = memory_stats.usage || undefined;
  // Named differently by the kernel's first and second kind of control groups.
  const cached = Number(memory_stats.stats["inactive_file"] ?? memory_stats.stats["total_inactive_file"] ?? 0);
  // What has not touched a disk yet is not listed; neither is anything where nothing is known.
  const disk = (op: string): number | undefined =>
    cpu === undefined && memory === undefined
      ? undefined
      : blkio_stats.io_service_bytes_recursive
          .filter((one) => one.op.toLowerCase() === op)
          .reduce((sum, one) => sum + one.value, 0);
  const network = (direction: "rx_bytes" | "tx_bytes"): number | undefined =>
    networks && Object.values(networks).reduce((sum, one) => sum + one[direction], 0);
  return {
    cpu: cpu && cpu / 1e9,
    memory: memory && Math.max(0, memory - cached),
    networkReceived: network("rx_bytes"),
    networkSent: network("tx_bytes"),
    diskRead: disk("read"),
    diskWritten: disk("write"),
  };
}
