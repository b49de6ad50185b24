// Traces of experiments, as a receiver of OTLP over HTTP gets them: one trace from POST to the first line, told by API and runner; a
// receiver that is away, or does not answer, holds nobody up.

import assert from "node:assert/strict";
import { test } from "node:test";
import { z } from "zod";
import { Receiver, type Received } from "../support/receiver.ts";
import { System } from "../support/system.ts";

const attribute = z.object({ key: z.string(), value: z.record(z.string(), z.unknown()) });
const span = z.object({
  traceId: z.string(),
  spanId: z.string(),
  parentSpanId: z.string().optional(),
  name: z.string(),
  startTimeUnixNano: z.string().transform(BigInt),
  endTimeUnixNano: z.string().transform(BigInt),
  attributes: z.array(attribute),
  status: z.object({ code: z.number().optional(), message: z.string().optional() }).optional(),
});
const request = z.object({
  resourceSpans: z.array(
    z.object({
      resource: z.object({ attributes: z.array(attribute) }),
      scopeSpans: z.array(z.object({ spans: z.array(span) })),
    }),
  ),
});
type Span = z.infer<typeof span> & { readonly service: unknown };

const valueOf = (attributes: z.infer<typeof attribute>[], key: string): unknown =>
  Object.values(attributes.find((one) => one.key === key)?.value ?? {})[0];

function spansOf(received: readonly Received[], experimentId: string): Span[] {
  return received
    .flatMap(({ body }) => request.parse(JSON.parse(body)).resourceSpans)
    .flatMap(({ resource, scopeSpans }) =>
      scopeSpans.flatMap(({ spans }) =>
        spans.map((one) => ({ ...one, service: valueOf(resource.attributes, "service.name") })),
      ),
    )
    .filter(({ traceId }) => traceId === experimentId.replaceAll("-", ""));
}

const tracingTo = (receiver: Receiver, more: Record<string, string> = {}): Record<string, string> => ({
  SKEDULER_TRACING_ENDPOINT: `${receiver.url}/v1/traces`,
  SKEDULER_TRACING_HEADERS: "x-team=vision",
  ...more,
});

test("one trace from POST to the first line, by API and runner; a busy receiver gets it later", async () => {
  await using receiver = await Receiver.start((_, index) => ({ status: index === 0 ? 503 : 200, body: "{}" }));
  await using system = await System.start(tracingTo(receiver));
  await system.addRunner("traced", tracingTo(receiver));
  const { id } = await system.postScript("echo a; sleep 0.2; echo b");
  await system.ended(id);
  const wanted = [
    "POST /experiments",
    "create the container",
    "first line",
    "start",
    "start the container",
    "wait for a place",
  ];
  const names = (received: readonly Received[]): string[] => [
    ...new Set(spansOf(received, id).map(({ name }) => name)),
  ];
  const received = await receiver.until((all) => names(all).length === wanted.length);
  assert.deepEqual(names(received).sort(), wanted);
  assert.deepEqual(
    [...new Set(received.map(({ path, headers }) => `${path} ${String(headers["x-team"])}`))],
    ["/v1/traces vision"],
  );

  const spans = new Map(spansOf(received, id).map((one) => [one.name, one]));
  const [root, wait, start, first] = ["POST /experiments", "wait for a place", "start", "first line"].map(
    (name) => spans.get(name) ?? assert.fail(name),
  );
  assert.ok(root && wait && start && first);
  assert.equal(root.parentSpanId, undefined);
  for (const one of [wait, start, first]) assert.equal(one.parentSpanId, root.spanId, one.name);
  for (const name of ["create the container", "start the container"])
    assert.equal(spans.get(name)?.parentSpanId, start.spanId, name);
  assert.deepEqual(
    [root, wait, start, first].map(({ service }) => service),
    ["skeduler-api", "skeduler-api", "skeduler-runner", "skeduler-runner"],
  );
  assert.equal(valueOf(start.attributes, "skeduler.host"), "traced");
  assert.equal(valueOf(start.attributes, "skeduler.attempt.number"), 1);
  for (const one of spans.values()) assert.ok(one.startTimeUnixNano <= one.endTimeUnixNano, one.name);
  assert.ok(start.endTimeUnixNano <= first.endTimeUnixNano);
});

test("what could not be started is told as an error, with its words", async () => {
  await using receiver = await Receiver.start(() => ({ status: 200, body: "{}" }));
  await using system = await System.start();
  await system.addRunner("traced", tracingTo(receiver));
  const { id } = await system.post({ command: "no-such-program" });
  const { result } = await system.ended(id);
  const received = await receiver.until((all) => spansOf(all, id).some(({ name }) => name === "start"));
  assert.deepEqual(spansOf(received, id).find(({ name }) => name === "start")?.status, {
    code: 2,
    message: result?.message,
  });
});

test("a receiver that never answers holds up neither the experiments nor the end", async () => {
  await using receiver = await Receiver.start(() => undefined);
  const system = await System.start(tracingTo(receiver));
  await system.addRunner("traced", tracingTo(receiver));
  const { id } = await system.postScript("echo a");
  assert.equal((await system.ended(id)).result?.exit_code, 0);
  const began = performance.now();
  await system[Symbol.asyncDispose]();
  assert.ok(performance.now() - began < 15_000);
});

test("of a sample, the same experiments are traced by API and runner", async () => {
  await using receiver = await Receiver.start(() => ({ status: 200, body: "{}" }));
  const system = await System.start(tracingTo(receiver, { SKEDULER_TRACING_SAMPLE: "0.5" }));
  await system.addRunner("traced", tracingTo(receiver, { SKEDULER_TRACING_SAMPLE: "0.5" }));
  const ids = await Promise.all(Array.from({ length: 12 }, async () => (await system.postScript("echo a")).id));
  for (const id of ids) await system.ended(id);
  await system[Symbol.asyncDispose](); // sends what is left
  const told = ids.map((id) =>
    spansOf(receiver.received, id)
      .map(({ name }) => name)
      .sort()
      .join(),
  );
  const all = "POST /experiments,create the container,first line,start,start the container,wait for a place";
  const traced = told.filter((names) => names !== "");
  assert.deepEqual([...new Set(traced)], traced.length === 0 ? [] : [all]);
  assert.ok(traced.length < ids.length, "not all of them"); // by chance one in 4096
});
