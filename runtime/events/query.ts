// What may be asked of the events, and what one looks like on the wire: zod schemas for GET /events and its stream.

import { z } from "zod";
import { parsePlace } from "../database/statements/read-events.ts";

export const eventSchema = z.object({
  /** Its place, and what Last-Event-ID, ?after and ?cursor take. */
  id: z.string().regex(/^\d+\.\d+$/),
  at: z.iso.datetime(),
  /** enqueued, placed, started, closed, cancelled, edited, registered, lost, … */
  kind: z.string(),
  /** A token's name, or the part of Skeduler that did it: placement, runner, watch, housekeeping, telegram. */
  actor: z.string(),
  experiment: z.guid().nullable(),
  attempt: z.guid().nullable(),
  host: z.string().nullable(),
  detail: z.record(z.string(), z.unknown()),
});

export const place = z.string().transform((text, context) => {
  const parsed = parsePlace(text);
  if (parsed !== undefined) return parsed;
  context.addIssue({ code: "custom", message: "the id of an event, such as 742.12" });
  return z.NEVER;
});

/** As Postgres can hold it. */
const word = z.string().regex(/^[^\0]*$/, "a text without NUL");

const filters = {
  experiment: z.guid("an experiment's id").optional(),
  host: word.optional(),
  kind: word.transform((text) => text.split(",")).optional(),
  actor: word.optional(),
};

export const listEventsQuery = z.strictObject({
  ...filters,
  since: z.iso.datetime({ offset: true, error: "a time like 2026-01-31T12:00:00Z" }).optional(),
  order: z.enum(["asc", "desc"]).default("asc"),
  limit: z
    .string()
    .regex(/^([1-9]\d{0,2}|1000)$/, "a whole number from 1 to 1000")
    .transform(Number)
    .default(100),
  cursor: place.optional(),
});

export const streamEventsQuery = z.strictObject({ ...filters, after: place.optional() });
