// What may be asked of an experiment's metrics, and what they look like on the wire: zod schemas.

import { z } from "zod";
import { parseDuration } from "../experiment/units.ts";

const time = z.iso.datetime({ offset: true, error: "a time like 2026-01-31T12:00:00Z" });

export const metricsQuery = z.strictObject({
  attempt: z
    .string()
    .regex(/^[1-9]\d{0,8}$/, "the number of an attempt")
    .transform(Number)
    .optional(),
  from: time.optional(),
  to: time.optional(),
  step: z
    .string()
    .transform((text, context) => {
      const ms = parseDuration(text);
      if (ms !== undefined && ms > 0) return ms;
      context.addIssue({ code: "custom", message: 'a duration like "30s"' });
      return z.NEVER;
    })
    .optional(),
  names: z
    .string()
    .transform((text) => text.split(","))
    .optional(),
});

/** JSON has no word for these. */
const value = z.union([z.number(), z.enum(["NaN", "Infinity", "-Infinity"])]);

export const metricSeries = z.object({
  name: z.string(),
  /** Of which GPU, by uuid; null where it is of none. */
  gpu: z.string().nullable(),
  source: z.enum(["sampled", "printed"]),
  unit: z.string().nullable(),
  /** Time of the first value (ms since 1970), mean, least, greatest, and the greatest step that the program said. */
  points: z.array(z.tuple([z.number(), value, value, value, z.number().nullable()])),
});

export const experimentMetrics = z.object({
  experiment: z.guid(),
  /** Null before the first attempt. */
  attempt: z.number().nullable(),
  /** How many attempts there are. */
  attempts: z.number(),
  /** Ms of each point; null where there is none. */
  step: z.number().nullable(),
  series: z.array(metricSeries),
});

/** What the runner samples, with its unit. */
export const sampledUnits: Readonly<Record<string, string>> = {
  cpu: "cores",
  memory: "bytes",
  network_received: "bytes/s",
  network_sent: "bytes/s",
  disk_read: "bytes/s",
  disk_written: "bytes/s",
  gpu_utilisation: "percent",
  gpu_memory: "bytes",
  gpu_power: "watts",
  gpu_temperature: "celsius",
};
