// A request's query by the schema of its call. What does not fit is a 400 that names each fault and what is possible.

import type { z } from "zod";
import { ApiError } from "./errors.ts";

/** Throws ApiError `validation`. */
export function parseQuery<T>(schema: z.ZodType<T> & { shape: object }, query: Readonly<Record<string, string>>): T {
  const asked = schema.safeParse(query);
  if (asked.success) return asked.data;
  const details = asked.error.issues.map((issue) => ({ path: issue.path.join("."), message: issue.message }));
  const possible = Object.keys(schema.shape).join(", ");
  throw new ApiError("validation", `The query has something that is not possible; possible are ${possible}.`, {
    details,
  });
}
