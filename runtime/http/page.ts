// The query parameters that several lists have: those of pages, and the beginning of an id.

import { z } from "zod";

export const pageLimit = z
  .string()
  .regex(/^[1-9]\d{0,4}$/, "a whole number from 1 to 99999")
  .meta({ type: "integer", minimum: 1, maximum: 99_999 })
  .transform(Number);

export const cursor = z
  .string()
  .regex(/^\d{1,18}$/, "a value of the header Skeduler-Cursor")
  .transform(BigInt);

const beginningOfUuid =
  /^(?:[0-9a-f]{1,8}|[0-9a-f]{8}(?:-[0-9a-f]{4}){0,2}-[0-9a-f]{0,4}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{0,12})$/;

/** The first characters of a uuid. */
export const idPrefix = z
  .string()
  .toLowerCase()
  .regex(beginningOfUuid, "the beginning of an id, such as 123e4567 or 123e4567-e89b");
