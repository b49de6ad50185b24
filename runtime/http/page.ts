// The two query parameters of every list that comes in pages.

import { z } from "zod";

export const pageLimit = z
  .string()
  .regex(/^[1-9]\d{0,4}$/, "a whole number from 1 to 99999")
  .transform(Number);

export const cursor = z
  .string()
  .regex(/^\d{1,18}$/, "a value of the header Skeduler-Cursor")
  .transform(BigInt);
