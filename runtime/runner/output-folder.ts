// A folder of the attempt's own on its host, mounted at /output; what it wrote there outlives its container.

import { chmod, mkdir, rmdir } from "node:fs/promises";
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

/** Why the host takes nothing, in words: no attempt's folder could be made. Else each that is placed here would end for it. */
export async function outputTrouble(outputs: string | undefined): Promise<string | undefined> {
  if (outputs === undefined) return undefined;
  const probe = join(outputs, `.skeduler-${process.pid}`);
  try {
    await mkdir(probe, { recursive: true });
    await rmdir(probe);
    return undefined;
  } catch (error) {
    return `takes nothing: its folder for outputs cannot be used (${error instanceof Error ? error.message : String(error)})`;
  }
}
