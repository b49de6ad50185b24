// What the API answers, as zod schemas: the wire's side of what SQL builds (database/statements/experiment-json.ts and its
// like). They make the OpenAPI document and the typed client; a test holds every answer of the running server against them.

import { z } from "zod";
import { retryable } from "../experiment/retries.ts";
import { resources, warningSignals } from "../experiment/schema.ts";
import { reasons, statuses } from "../experiment/states.ts";
import { deliveryStates } from "../experiment/notify.ts";
import { rules } from "../scheduler/model.ts";

/** The headers of a list that comes in pages. */
export const nextPage = { "Skeduler-Cursor": "the `cursor` of the next page; absent on the last" };

const uuid = z.guid();
const time = z.iso.datetime();
const bytes = z.number().meta({ description: "bytes" });
const count = z.int().min(0);

export const errorAnswer = z
  .object({
    error: z.string().meta({ description: "a sentence: what was wrong, why, how to mend it" }),
    code: z.string().meta({ description: "snake_case, for programs" }),
    details: z
      .array(z.object({ path: z.string(), message: z.string() }))
      .optional()
      .meta({ description: "each thing that is wrong with the input: where, and what is allowed" }),
  })
  .meta({ id: "Error" });

const result = z
  .object({
    reason: z.enum(reasons),
    exit_code: z.int().nullable(),
    signal: z.string().nullable().meta({ description: "the signal that killed it, such as SIGKILL" }),
    message: z.string().meta({ description: "a sentence" }),
  })
  .meta({ id: "Result", description: "How it ended." });

const attempt = z
  .object({
    number: z.int().min(1),
    id: uuid,
    host: z.string(),
    gpus: z.array(z.string()).meta({ description: "the uuids of its GPUs" }),
    placed_at: time,
    started_at: time.nullable().meta({ description: "when its container started" }),
    ended_at: time.nullable(),
    closed_at: time.nullable().meta({ description: "when its container, log and GPUs were done with" }),
    output: z.string().nullable().meta({ description: "its output folder on the host" }),
    log_expired_at: time.nullable(),
    result: result.nullable(),
  })
  .meta({ id: "Attempt", description: "One try at running an experiment." });

const scalar = z.union([z.string(), z.number(), z.boolean()]);

export const experimentAnswer = z
  .object({
    id: uuid,
    name: z.string(),
    description: z.string(),
    docker: z.object({
      image: z.string(),
      command: z.string().meta({ description: 'split into words as a shell does; "" is the image\'s own' }),
      environment: z.record(z.string(), z.union([scalar, z.null(), z.object({ secret: z.string() })])),
      entrypoint: z.string().optional(),
      workdir: z.string().optional(),
      user: z.string().optional(),
      volumes: z.array(z.string()).optional(),
    }),
    created_at: time,
    updated_at: time,
    status: z.enum(statuses),
    metadata: z.unknown().meta({ description: "any JSON, as it was sent" }),
    resources,
    priority: z.int(),
    time_limit: z.string().nullable(),
    time_limit_warning: z.object({ before: z.string(), signal: z.enum(warningSignals) }).nullable(),
    retries: z.object({ count, on: z.array(z.enum(retryable)), backoff: z.string() }).nullable(),
    retried: count.meta({ description: "how often it was tried again by itself" }),
    not_before: time.nullable().meta({ description: "when it is tried again" }),
    after: z.array(uuid),
    notify: z
      .array(z.string())
      .nullable()
      .meta({ description: "the targets that are told of it; null: by their filters" }),
    group: uuid.nullable(),
    combination: z.record(z.string(), scalar).nullable().meta({ description: "its values in the sweep's matrix" }),
    owner: z.string().nullable().meta({ description: "the name of the token that enqueued it" }),
    host: z.string().nullable(),
    started_at: time.nullable(),
    ended_at: time.nullable(),
    result: result.nullable(),
    attempt: attempt.nullable().meta({ description: "the latest" }),
  })
  .meta({ id: "Experiment" });

export const sweepAnswer = z
  .object({ group: uuid, experiments: z.array(experimentAnswer) })
  .meta({ id: "Sweep", description: "What a body with a matrix made." });

export const placementAnswer = z
  .object({
    id: uuid,
    status: z.enum(statuses),
    position: z.int().min(1).nullable().meta({ description: "in the line, from 1" }),
    message: z.string(),
    estimated_start: time.nullable(),
    reservation: z.object({ host: z.string(), from: time.nullable(), gpus: z.array(z.string()) }).nullable(),
    hosts: z.array(
      z.object({
        host: z.string(),
        fits: z.boolean(),
        rule: z.enum(rules).nullable().meta({ description: "the first rule that it fails" }),
        message: z.string(),
      }),
    ),
  })
  .meta({ id: "Placement", description: "Why an experiment waits." });

const gpu = z
  .object({
    uuid: z.string(),
    index: z.int(),
    model: z.string(),
    memory: bytes,
    experiment: uuid.nullable().meta({ description: "who holds it" }),
    attempt: z.int().nullable(),
    withheld: z.string().nullable().meta({ description: "why it is not granted though nobody holds it" }),
    withheld_since: time.nullable(),
  })
  .meta({ id: "Gpu" });

const unknownAttempt = z
  .object({
    attempt: uuid,
    experiment: uuid,
    number: z.int(),
    name: z.string().nullable(),
    image: z.string().nullable(),
    running: z.boolean(),
    result: z.looseObject({ reason: z.string(), exit_code: z.int().nullable() }).nullable(),
  })
  .meta({ id: "UnknownAttempt", description: "It ran there, and the database does not know it." });

export const hostAnswer = z
  .object({
    name: z.string(),
    state: z.enum(["active", "cordoned", "draining", "lost"]),
    problem: z.string().nullable().meta({ description: "why it takes nothing now, to follow its name" }),
    reason: z.string().nullable(),
    changed_by: z.string().nullable(),
    changed_at: time.nullable(),
    heartbeat_age: z.number().meta({ description: "seconds" }),
    registered_at: time,
    version: z.string(),
    labels: z.array(z.string()),
    load: z
      .object({
        average: z.array(z.number()).meta({ description: "over 1, 5 and 15 minutes" }),
        memory_available: bytes,
        disk_free: bytes
          .nullable()
          .meta({ description: "where Docker keeps its data; null: not seen from the runner" }),
      })
      .nullable()
      .meta({ description: "of the machine, as of its last heartbeat; null: none was told yet" }),
    slots: count,
    cpus: count,
    memory: bytes,
    max_cpus: z.number().nullable().meta({ description: "what a container gets at most; null: no limit" }),
    max_memory: bytes.nullable(),
    restored: z
      .object({ at: time, unknown: z.array(unknownAttempt) })
      .nullable()
      .meta({ description: "what waits for an operator's word after the database was restored" }),
    running: count.meta({ description: "attempts that are open there" }),
    gpus: z.array(gpu),
  })
  .meta({ id: "Host" });

export const hostRemoved = z.object({ name: z.string(), removed: z.literal(true) }).meta({ id: "HostRemoved" });

export const groupAnswer = z
  .object({
    id: uuid,
    name: z.string(),
    matrix: z.record(z.string(), z.array(scalar)),
    owner: z.string(),
    created_at: time,
    experiments: count,
    counts: z.object(Object.fromEntries(statuses.map((status) => [status, count]))),
    failed: count.meta({ description: "finished with another exit code than 0" }),
    ended: z.boolean(),
  })
  .meta({ id: "Group", description: "The experiments of one sweep." });

export const sessionAnswer = z.object({ owner: z.string().nullable() }).meta({ id: "Session" });
export const healthAnswer = z.object({ status: z.enum(["ok", "ready"]) }).meta({ id: "Health" });

export const notificationAnswer = z
  .object({
    id: uuid,
    target: z.string(),
    experiment: uuid,
    name: z.string().meta({ description: "the experiment's" }),
    status: z.enum(statuses).meta({ description: "what it became" }),
    attempt: count,
    state: z.enum(deliveryStates),
    tries: count,
    error: z.string().nullable().meta({ description: "what the last try met" }),
    created_at: time,
    next_try_at: time.nullable(),
    settled_at: time.nullable().meta({ description: "when it was sent or given up" }),
  })
  .meta({ id: "Notification" });

export const linkAnswer = z
  .object({
    code: z.string(),
    message: z.string().meta({ description: "what to send to the bot" }),
    minutes: z.int().meta({ description: "how long it can be used" }),
  })
  .meta({ id: "TelegramLink" });
