// A long-running command stays, once it is ready, until it is asked to stop or something it needs is lost.

import { keepOptimizedCode } from "./keep-optimized-code.ts";

/** Resolves when the signal aborts; rejects when `lost` does. */
export async function untilStopped(signal: AbortSignal, lost?: Promise<never>): Promise<void> {
  keepOptimizedCode();
  const stopped = new Promise<void>((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
  await (lost === undefined ? stopped : Promise.race([stopped, lost]));
}
