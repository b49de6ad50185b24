// Postgres writes the environment's numbers out: 1e-16000 takes 16,000 digits, and a megabyte of such half a gigabyte.

import { z } from "zod";
import { ApiError } from "../errors.ts";
import { isRawJSON, parseExact } from "./exact-json.ts";

/** An exponent of four digits or more; a double has three at most. */
const long = /[eE]-0*[1-9]\d{3}/;

const body = z.object({
  docker: z.object({ environment: z.record(z.string(), z.unknown()).default({}) }),
  matrix: z.record(z.string(), z.array(z.unknown())).default({}), // its values become the environment's
});
const bodies = z.union([body.transform((one) => [one]), z.array(body)]);

/** Throws validation (400) naming the first such number of a body that passed the schema. */
export function refuseLongNumbers(raw: string): void {
  if (!long.test(raw)) return;
  const isLong = (value: unknown): boolean => isRawJSON(value) && long.test(value.rawJSON);
  const asked = bodies.parse(parseExact(raw));
  for (const [place, { docker, matrix }] of asked.entries()) {
    const variable = Object.keys(docker.environment).find((name) => isLong(docker.environment[name]));
    const list = Object.keys(matrix).find((name) => matrix[name]?.some(isLong) === true);
    const found = variable === undefined ? list && `matrix.${list}` : `docker.environment.${variable}`;
    if (found === undefined) continue;
    const path = asked.length === 1 ? found : `${place}.${found}`;
    const message = "a number with an exponent of so many digits: write it as a string";
    throw new ApiError("validation", `${path}: ${message}.`, { details: [{ path, message }] });
  }
}
