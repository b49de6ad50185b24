// What may be asked of a log, as one zod schema for GET /logs/{id} and its tail.

import { z } from "zod";
import { ApiError } from "../errors.ts";
import { parseQuery } from "../parse-query.ts";
import { parseTime, type Time } from "./chunk-format.ts";
import type { Position } from "./follow.ts";
import { parseView, type View } from "./view.ts";

const count = (text: string) =>
  z
    .string()
    .regex(/^\d{1,9}$/, text)
    .meta({ type: "integer", minimum: 0 })
    .transform(Number);
const flag = z.enum(["", "1", "true", "0", "false"], { error: "1 or 0" }).transform((v) => v !== "0" && v !== "false");

export const logQuery = z.strictObject({
  stream: z.string().optional().describe("stdout, stderr, skeduler, joined by commas; absent: all."),
  timestamps: flag.optional().describe("1: the time before each line."),
  tail: count("a number of lines").optional().describe("The last so many lines."),
  since: z.iso
    .datetime({ offset: true, error: "an RFC 3339 time, such as 2026-11-24T14:20:07Z" })
    .optional()
    .describe("From the first line at this time or later."),
  attempt: count("the number of an attempt").optional().describe("Absent: the latest."),
  after: z
    .string()
    .regex(/^[1-9]\d{0,8}\.\d{1,15}$/, "a position, such as 1.2048 (attempt, bytes)")
    .optional()
    .describe("The position to go on from: ATTEMPT.BYTES."),
  ws: z.string().optional().describe("By websocket."),
  cursor: flag.optional().describe("By websocket: positions between the lines."),
});

export interface LogQuery {
  readonly view: View;
  readonly timestamps: boolean;
  readonly tail: number | undefined;
  /** Begin with the first line at this time or later. */
  readonly since: Time | undefined;
  readonly attempt: number | undefined;
  readonly after: Position | undefined;
  /** Positions between the lines, by websocket. */
  readonly cursor: boolean;
}

/** Throws ApiError `validation`, naming each fault. */
export function parseLogQuery(query: URLSearchParams): LogQuery {
  const asked = parseQuery(logQuery, Object.fromEntries(query));
  const { stream, timestamps = false, tail, since, attempt, after, cursor = false } = asked;
  if (cursor && timestamps) {
    throw new ApiError("validation", "cursor counts bytes of the log as written: leave out timestamps.");
  }
  if (after !== undefined && (tail !== undefined || since !== undefined)) {
    throw new ApiError("validation", "after says where to begin by itself: leave out tail and since.");
  }
  const [number = 0, offset = 0] = (after ?? "").split(".").map(Number);
  if (after !== undefined && attempt !== undefined && attempt !== number) {
    throw new ApiError("validation", "after is a position in another attempt than the one that attempt names.");
  }
  return {
    view: parseView(stream),
    timestamps,
    tail,
    since: since === undefined ? undefined : parseTime(since),
    attempt,
    after: after === undefined ? undefined : { attempt: number, offset },
    cursor,
  };
}
