// What the verbs read of the server's answers. Fields that they do not use are left alone: a newer server may send more.

import { z } from "zod";
import { statuses } from "../experiment/states.ts";

const time = z.string().nullable();

export const result = z.object({
  reason: z.string(),
  exit_code: z.number().nullable(),
  signal: z.string().nullable(),
  message: z.string(),
});
export type Result = z.infer<typeof result>;

export const experiment = z.object({
  id: z.string(),
  name: z.string(),
  description: z.string(),
  docker: z.object({ image: z.string(), command: z.string(), environment: z.record(z.string(), z.unknown()) }).loose(),
  created_at: z.string(),
  updated_at: z.string(),
  status: z.enum(statuses),
  resources: z.object({ gpus: z.number().optional() }).loose(),
  priority: z.number(),
  time_limit: z.string().nullable(),
  time_limit_warning: z.object({ before: z.string(), signal: z.string() }).nullable(),
  retries: z.object({ count: z.number(), on: z.array(z.string()), backoff: z.string() }).nullable(),
  retried: z.number(),
  not_before: time,
  after: z.array(z.string()),
  notify: z.array(z.string()).nullable(),
  group: z.string().nullable(),
  owner: z.string().nullable(),
  host: z.string().nullable(),
  started_at: time,
  ended_at: time,
  result: result.nullable(),
  attempt: z
    .object({
      number: z.number(),
      host: z.string(),
      gpus: z.array(z.string()),
      ended_at: time,
      closed_at: time,
      output: z.string().nullable(),
    })
    .nullable(),
});
export type Experiment = z.infer<typeof experiment>;
export const experiments = z.array(experiment);

export const placement = z.object({
  id: z.string(),
  status: z.enum(statuses),
  position: z.number().nullable(),
  message: z.string(),
  estimated_start: time,
  reservation: z.object({ host: z.string(), from: time, gpus: z.array(z.string()) }).nullable(),
  hosts: z.array(z.object({ host: z.string(), fits: z.boolean(), rule: z.string().nullable(), message: z.string() })),
});
export type Placement = z.infer<typeof placement>;

export const host = z.object({
  name: z.string(),
  state: z.string(),
  problem: z.string().nullable(),
  reason: z.string().nullable(),
  changed_by: z.string().nullable(),
  changed_at: time,
  heartbeat_age: z.number(),
  version: z.string(),
  labels: z.array(z.string()),
  load: z
    .object({ average: z.array(z.number()), memory_available: z.number(), disk_free: z.number().nullable() })
    .nullable(),
  slots: z.number(),
  cpus: z.number(),
  memory: z.number(),
  running: z.number(),
  gpus: z.array(
    z.object({
      uuid: z.string(),
      index: z.number(),
      model: z.string(),
      memory: z.number(),
      experiment: z.string().nullable(),
      withheld: z.string().nullable(),
    }),
  ),
});
export type Host = z.infer<typeof host>;
export const hosts = z.array(host);

export const group = z.object({
  id: z.string(),
  name: z.string(),
  owner: z.string(),
  created_at: z.string(),
  experiments: z.number(),
  counts: z.record(z.enum(statuses), z.number()),
  failed: z.number(),
  ended: z.boolean(),
});
export type Group = z.infer<typeof group>;
export const groups = z.array(group);

/** POST /experiments: one, several, or a sweep's. */
const named = z.object({ id: z.string(), name: z.string() });
export const created = z.union([named, z.array(named), z.object({ group: z.string(), experiments: z.array(named) })]);
