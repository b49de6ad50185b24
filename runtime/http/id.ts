// The id in a path: a uuid, in any letter case, or a clear 400 before the database is asked.
import type { Context } from "hono";
import { ApiError } from "../errors.ts";

export function parseUuid(text: string): string {
  if (/^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text)) return text.toLowerCase();
  throw new ApiError("malformed_id", "The id in the path is not a uuid like 123e4567-e89b-12d3-a456-426614174000.");
}

export function parseId(c: Context): string {
  return parseUuid(c.req.param("id") ?? "");
}
