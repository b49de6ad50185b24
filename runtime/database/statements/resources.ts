// What an experiment asked for, as its row has it.

import { z } from "zod";
import type { Resources } from "../../experiment/schema.ts";

// Rows, of an adopted database too, may hold what today's schema refuses: such a wish is left out, not an error.
export const resourcesOf = z
  .unknown()
  .transform((value) => (typeof value === "object" && value !== null ? value : {}) as Resources);
