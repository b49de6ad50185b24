// Spans to an OTLP receiver over HTTP: gathered, sent every second, given up where the receiver stays away (nothing waits for it).

import {
  diag,
  DiagLogLevel,
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  trace,
  TraceFlags,
  type Context,
  type SpanContext,
} from "@opentelemetry/api";
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-http";
import { resourceFromAttributes } from "@opentelemetry/resources";
import {
  BatchSpanProcessor,
  RandomIdGenerator,
  TraceIdRatioBasedSampler,
  TracerProvider,
} from "@opentelemetry/sdk-trace";
import type { Log } from "../log.ts";
import type { Stretch, Tracing } from "./tracing.ts";

export interface ExportOptions {
  readonly endpoint: string;
  readonly headers: Readonly<Record<string, string>>;
  /** The share of experiments that are traced: the same ones in every process. */
  readonly sample: number;
  readonly role: "api" | "runner";
  readonly version: string;
  readonly host: string;
  readonly log: Log;
}

const sendEvery = 1_000;
/** How long a receiver may take to answer, ms, also when the process ends. */
const patience = 5_000;
/** Spans that wait to be sent at most; more are dropped. */
const most = 8_192;
/** A receiver that is away is said once in so many ms. */
const sayEvery = 60_000;

/** A UUID of version 4 has random bits in both halves: neither is zero, which the specification forbids. */
function rootOf(experimentId: string): SpanContext {
  const traceId = experimentId.replaceAll("-", "");
  return { traceId, spanId: traceId.slice(16), traceFlags: TraceFlags.SAMPLED, isRemote: true };
}

/** Random ids, save for the one root that is being started. */
class Ids extends RandomIdGenerator {
  root: SpanContext | undefined;
  override readonly generateTraceId = (): string => this.root?.traceId ?? super.generateTraceId();
  override readonly generateSpanId = (): string => this.root?.spanId ?? super.generateSpanId();
}

export function exportTraces({ endpoint, headers, sample, role, version, host, log }: ExportOptions): Tracing {
  sayFailures(log);
  const ids = new Ids();
  const provider = new TracerProvider({
    resource: resourceFromAttributes({
      "service.name": `skeduler-${role}`,
      "service.version": version,
      "host.name": host,
      "process.pid": process.pid,
    }),
    idGenerator: ids,
    sampler: new TraceIdRatioBasedSampler(sample),
    spanProcessors: [
      new BatchSpanProcessor({
        exporter: new OTLPTraceExporter({ url: endpoint, headers: { ...headers }, timeoutMillis: patience }),
        scheduledDelayMillis: sendEvery,
        exportTimeoutMillis: patience,
        maxQueueSize: most,
      }),
    ],
  });
  const tracer = provider.getTracer("skeduler", version);

  function span(stretch: Omit<Stretch, "experimentId">, parent: Context, kind: SpanKind): void {
    const one = tracer.startSpan(stretch.name, { kind, startTime: stretch.from }, parent);
    for (const [key, value] of Object.entries(stretch.attributes ?? {}))
      if (value !== undefined) one.setAttribute(key, typeof value === "object" ? [...value] : value);
    if (stretch.error !== undefined) one.setStatus({ code: SpanStatusCode.ERROR, message: stretch.error });
    const within = trace.setSpan(parent, one);
    ids.root = undefined;
    for (const part of stretch.parts ?? []) span(part, within, SpanKind.INTERNAL);
    one.end(Math.max(stretch.to, stretch.from));
  }

  const named = ({ experimentId, attributes, ...rest }: Stretch): Stretch => ({
    ...rest,
    experimentId,
    attributes: { "skeduler.experiment.id": experimentId, ...attributes },
  });
  return {
    posted: (stretch) => {
      ids.root = rootOf(stretch.experimentId);
      span(named(stretch), ROOT_CONTEXT, SpanKind.SERVER);
    },
    passed: (stretch) => {
      span(named(stretch), trace.setSpanContext(ROOT_CONTEXT, rootOf(stretch.experimentId)), SpanKind.INTERNAL);
    },
    close: async () => {
      try {
        await provider.shutdown();
      } catch (error) {
        log.warn({ err: error }, "the last traces could not be sent");
      }
    },
  };
}

/** The library reports what fails to one logger of the whole process. */
function sayFailures(log: Log): void {
  let said = -Infinity;
  const say = (message: string, ...more: unknown[]): void => {
    if (performance.now() - said < sayEvery) return;
    said = performance.now();
    log.warn({ detail: [message, ...more].join(" ").slice(0, 500) }, "traces cannot be sent");
  };
  const silent = (): void => undefined;
  diag.setLogger(
    { error: say, warn: say, info: silent, debug: silent, verbose: silent },
    { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true },
  );
}
