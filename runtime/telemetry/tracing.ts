// OpenTelemetry traces of an experiment's way from POST to its first line, off by default. Its processes need no word between them:
// the trace's id is the experiment's, and the root span's is the half of it. The library is loaded only where there is a receiver.

import type { Log } from "../log.ts";

/** A stretch of an experiment's way. Times are ms since the epoch, by this process's clock. */
export interface Stretch {
  readonly experimentId: string;
  readonly name: string;
  readonly from: number;
  readonly to: number;
  readonly attributes?: Readonly<Record<string, string | number | readonly string[] | undefined>>;
  /** What went wrong, in words. */
  readonly error?: string | undefined;
  /** Stretches of which it consists. */
  readonly parts?: readonly Omit<Stretch, "experimentId">[];
}

export interface Tracing {
  /** The request that made it: the root of its trace. */
  readonly posted: (stretch: Stretch) => void;
  /** What came after. */
  readonly passed: (stretch: Stretch) => void;
  /** Sends what is left, for some seconds at most. */
  readonly close: () => Promise<void>;
}

/** As configured (`tracing`). */
export interface TracingOptions {
  readonly endpoint: string | undefined;
  readonly headers: Readonly<Record<string, string>>;
  readonly sample: number;
}

/** Undefined where nobody is to be told. */
export async function startTracing(
  { endpoint, headers, sample }: TracingOptions,
  process: { readonly role: "api" | "runner"; readonly version: string; readonly host: string; readonly log: Log },
): Promise<Tracing | undefined> {
  if (endpoint === undefined) return undefined;
  const { exportTraces } = await import("./otlp.ts");
  return exportTraces({ ...process, endpoint, headers, sample });
}
