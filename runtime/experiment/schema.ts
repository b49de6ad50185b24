// What a user may send of an experiment, as zod schemas: the one gate for POST and PUT. Numbers, key order and types of
// environment and metadata are not taken from here (JavaScript would lose digits) but from the raw body, in SQL.

import { check, ParseError } from "./command.ts";
import { z } from "zod";
import { parseDuration, parseSize } from "./units.ts";
import { isImageName } from "./image.ts";
import { retries } from "./retries.ts";
import { matrix } from "./sweep.ts";
import { statuses } from "./states.ts";
import { parseVolume } from "./volume.ts";

const environmentName = /^[^=\0]+$/;

const environment = z.record(
  z.string().regex(environmentName, "a variable's name is not empty and has no '='"),
  z.union([z.string(), z.number(), z.boolean(), z.strictObject({ secret: z.string().min(1).max(4096) })], {
    error: 'allowed are strings, numbers, booleans and {"secret": "NAME"}',
  }),
);

const command = z.string().superRefine((text, context) => {
  try {
    check(text);
  } catch (error) {
    if (!(error instanceof ParseError)) throw error;
    context.addIssue({ code: "custom", message: error.message });
  }
});

const reserved = (name: string): boolean => name.startsWith("SKEDULER_") || name === "NVIDIA_VISIBLE_DEVICES";

/** Of a whole volume, characters: as long as Linux lets a path be. */
const longestVolume = 4096;

const volumes = z
  .array(
    z.string().refine((text) => text.length <= longestVolume && parseVolume(text) !== undefined, {
      error:
        'a volume is "/host/path:/container/path" of at most 4,096 characters, with ":rw" behind it to write there; not over /, /proc, /sys, /dev or /output',
    }),
  )
  .max(50)
  .refine((all) => new Set(all.map((text) => parseVolume(text)?.target)).size === all.length, {
    error: "two volumes have the same path in the container",
  });

const user = z
  .string()
  .regex(/^([A-Za-z0-9_][A-Za-z0-9_.-]*(:[A-Za-z0-9_][A-Za-z0-9_.-]*)?)?$/, 'a user, such as "1000:1000" or "nobody"');

const docker = z.strictObject({
  image: z
    .string()
    .trim()
    .min(1, "an image is needed, such as busybox:latest")
    .refine((text) => text === "" || isImageName(text), {
      error: "an image's name has no blanks, ASCII characters only, and at most 1,000 of them",
    }),
  command: command
    .default("")
    .describe("Split into words as a shell does; nothing is expanded. Empty: the image's own."),
  environment: environment
    .superRefine((variables, context) => {
      for (const name of Object.keys(variables).filter(reserved)) {
        context.addIssue({ code: "custom", path: [name], message: "this variable is set by Skeduler alone" });
      }
    })
    .default({})
    .describe("Strings, numbers and booleans keep their types; a secret is filled in by the host."),
  entrypoint: command.nullish(),
  workdir: z
    .string()
    .regex(/^(\/.*)?$/, "an absolute path in the container")
    .nullish(),
  user: user.nullish(),
  volumes: volumes
    .nullish()
    .describe("/host/path:/container/path, with :rw behind it to write there, as far as the host allows."),
});

/** At least 6 MiB: below that Docker itself refuses to start a container. */
const smallestMemory = 6 * 1024 * 1024;

const memory = z.string().superRefine((text, context) => {
  const bytes = parseSize(text);
  if (bytes === undefined || bytes < smallestMemory) {
    context.addIssue({ code: "custom", message: 'a size of at least 6MiB, such as "512MiB" or "16GiB"' });
  }
});

/** A bare number is bytes, and nobody means 40 of them. */
const size = z.string().refine((text) => (parseSize(text) ?? 0) >= 1024 ** 2, {
  error: 'a size of at least 1MiB, such as "64MiB" or "40GiB"',
});

const hostWord = z
  .string()
  .max(255, "at most 255 characters")
  .regex(/^[^\s=]+(=\S+)?$/, 'a host\'s name, in which * is any text, or a label such as "rack=a"');

/** At least one hundredth of a CPU: what Docker can tell apart. */
const cpus = z
  .number()
  .refine((count) => count >= 0.01 && count <= 4096, { error: "a number of CPUs from 0.01 to 4096, such as 4 or 0.5" });

export const resources = z
  .strictObject({
    gpus: z
      .int({ error: "a whole number from 0 to 64" })
      .min(0)
      .max(64)
      .optional()
      .describe("Absent: one where the host has GPUs, none elsewhere. 0 never holds one."),
    gpu_model: z.string().trim().min(1).max(100).optional().describe("Part of the model's name, or a pattern with *."),
    gpu_memory: size
      .optional()
      .describe('Of each GPU at least, such as "40GiB"; "80GB" (decimal) for a card that is sold as 80GB.'),
    cpus: cpus.optional(),
    memory: memory.optional().describe('A limit, such as "16GiB".'),
    shm_size: size.optional().describe("The size of /dev/shm."),
    host: z
      .union([hostWord, z.array(hostWord).min(1).max(100)])
      .optional()
      .describe("Names, in which * is any text, or labels such as rack=a: any of them will do."),
  })
  .superRefine((asked, context) => {
    if (asked.gpus !== 0) return;
    for (const key of ["gpu_model", "gpu_memory"] as const)
      if (asked[key] !== undefined)
        context.addIssue({ code: "custom", path: [key], message: "has no meaning where gpus is 0" });
  });
export type Resources = z.infer<typeof resources>;

const priority = z.int({ error: "a whole number from -100 to 100" }).min(-100).max(100);

const duration = z.string().refine((text) => (parseDuration(text) ?? 0) >= 1000, {
  error: 'a duration of at least 1s, such as "5m"',
});

const timeLimit = z.string().refine((text) => (parseDuration(text) ?? 0) >= 1000, {
  error: 'a duration of at least 1s and at most 24 days, such as "30m" or "12h"',
});

export const warningSignals = ["SIGUSR1", "SIGUSR2", "SIGHUP", "SIGINT", "SIGTERM"] as const;

/** A text is how long before; the signal then is SIGUSR1. */
const timeLimitWarning = z.union(
  [
    duration,
    z.strictObject({
      before: duration,
      signal: z.enum(warningSignals, { error: `allowed are ${warningSignals.join(", ")}` }).default("SIGUSR1"),
    }),
  ],
  {
    error: `how long before, such as "5m", or {"before": "5m", "signal": "SIGUSR1"}; signals are ${warningSignals.join(", ")}`,
  },
);

/** Ids, or names: the newest of that name. */
const after = z.array(z.string().trim().min(1, "an id or a name")).max(100, "at most 100");

/** Names of targets in the server's configuration; none of them: []. */
const notify = z.array(z.string().min(1).max(64)).max(20, "at most 20");

/** Set by the server: ignored when sent, so that what GET gave can be sent back. */
export const serverAssigned = [
  "id",
  "status",
  "created_at",
  "updated_at",
  "owner",
  "started_at",
  "ended_at",
  "retried",
  "not_before",
  "result",
  "attempt",
  "host",
  "group",
  "combination",
] as const;

const ignored = Object.fromEntries(serverAssigned.map((key) => [key, z.unknown().optional()]));

/** POST /experiments. */
export const newExperiment = z
  .strictObject({
    ...ignored,
    name: z.string().trim().min(1, "a name is needed"),
    description: z.string().nullish(),
    docker,
    metadata: z.unknown().optional().describe("Any JSON; it comes back as it was sent."),
    resources: resources.nullish(),
    priority: priority.nullish().describe("Higher goes first."),
    time_limit: timeLimit.nullish().describe('From the container\'s start, such as "12h"; then it is stopped.'),
    time_limit_warning: timeLimitWarning.nullish().describe("So long before the time limit it gets a signal."),
    retries: retries.nullish().describe("How often it is tried again by itself, and after which ends."),
    after: after.nullish().describe("Ids or names that must have finished with exit code 0 first."),
    notify: notify.nullish().describe("Which of the server's targets are told of its changes; [] none of them."),
  })
  .superRefine(({ time_limit: limit, time_limit_warning: warning }, context) => {
    if (warning == null) return;
    const before = parseDuration(typeof warning === "string" ? warning : warning.before) ?? 0;
    if (limit == null || (parseDuration(limit) ?? 0) <= before)
      context.addIssue({ code: "custom", path: ["time_limit_warning"], message: "needs a time_limit that is longer" });
  });
/** POST /experiments: what becomes a group. */
export const newSweep = newExperiment.safeExtend({ matrix });
export type NewExperiment = z.output<typeof newExperiment>;

/** As many as one POST may carry. */
export const newExperiments = z.array(newExperiment).min(1, "at least one experiment").max(10_000, "at most 10,000");

const blankable = z.string().nullish();

/** PUT /experiments/{id}: what is absent, "" or null stays as it is. */
export const experimentChange = z.strictObject({
  ...ignored,
  id: z.guid().nullish(),
  name: blankable,
  description: blankable,
  metadata: z.unknown().optional(),
  status: z.union([z.enum(statuses), z.literal("")], { error: `allowed are ${statuses.join(", ")}` }).nullish(),
  updated_at: z.union([z.iso.datetime({ offset: true }), z.literal("")], { error: "an RFC 3339 time" }).nullish(),
  docker: z
    .strictObject({
      image: z.string().nullable(),
      command: z.string().nullable(),
      environment: z.unknown(), // an adopted one may be anything
      entrypoint: z.string().nullable(),
      workdir: z.string().nullable(),
      user: z.string().nullable(),
      volumes: z.array(z.string()).nullable(),
    })
    .partial()
    .nullish(),
  resources: resources.nullish(),
  priority: priority.nullish(),
  time_limit: z.union([timeLimit, z.literal("")]).nullish(),
  time_limit_warning: z.unknown().optional(),
  retries: z.unknown().optional(),
  after: z.unknown().optional(),
  notify: notify.nullish(),
});
export type ExperimentChange = z.infer<typeof experimentChange>;
