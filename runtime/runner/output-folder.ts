// A folder of the attempt's own on its host, mounted at /output; what it wrote there outlives its container.

import { chmod, mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { OpenAttempt } from "../database/statements/runner.ts";

/** The host's disk does not have it: full, read only, another's. */
export class OutputFailure extends Error {}

/** Where it is; undefined where the host has no `outputs`. */
export function outputOf({
  outputs,
  attempt,
}: {
  readonly outputs: string | undefined;
  readonly attempt: Pick<OpenAttempt, "experiment_id" | "number">;
}): string | undefined {
  return outputs === undefined ? undefined : join(outputs, attempt.experiment_id, String(attempt.number));
}

/** Makes it, or finds it; throws OutputFailure. */
export async function makeOutput(folder: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true });
    await chmod(folder, 0o777); // whoever the image runs as may write there
  } catch (cause) {
    throw new OutputFailure(cause instanceof Error ? cause.message : String(cause), { cause });
  }
}
