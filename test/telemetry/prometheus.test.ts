// What API and runner tell Prometheus, read by a parser of its format; and the dashboard and alert rules, read by Prometheus's own grammar:
// they name only metrics and labels that exist.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, test } from "node:test";
import { parser } from "@prometheus-io/lezer-promql";
import { parse as parseYaml } from "yaml";
import { z } from "zod";
import { startApi } from "../../runtime/api.ts";
import { pino } from "pino";
import { CutProxy } from "../support/cut-proxy.ts";
import { parseExposition, type Family } from "../support/exposition.ts";
import { System, token } from "../support/system.ts";

let system: System;
let api: Map<string, Family>;
let runner: Map<string, Family>;

async function scrape(url: string): Promise<Map<string, Family>> {
  const response = await system.fetch("/metrics", {}, url);
  assert.equal(response.status, 200);
  assert.equal(response.headers.get("content-type"), "text/plain; version=0.0.4; charset=utf-8");
  return parseExposition(await response.text());
}

/** The sum of the samples that have these labels; of a histogram, how many were observed. */
function value(from: Map<string, Family>, name: string, labels: Record<string, string> = {}): number {
  const family = from.get(name);
  assert.ok(family, `${name} is there`);
  const counted = family.type === "histogram" ? `${name}_count` : name;
  const fitting = family.samples.filter(
    (one) => one.name === counted && Object.entries(labels).every(([key, wanted]) => one.labels[key] === wanted),
  );
  return fitting.reduce((sum, one) => sum + one.value, 0);
}

before(async () => {
  process.env["STUB_GPUS"] = [0, 1].map((n) => `${n}, GPU-watched-${n}, NVIDIA A100-SXM4-40GB, 40960`).join("\n");
  system = await System.start();
  const started = await system.addRunner("watched", { SKEDULER_RUNNER_LISTEN: "127.0.0.1:0" });
  const done = await system.postScript("echo a line of 19 byte", { resources: { gpus: 0 } });
  await system.ended(done.id);
  const held = await system.postScript("sleep 60", { resources: { gpus: 1 } });
  await system.until(held.id, (e) => e.started_at !== null);
  const waiting = await system.post({ command: "true" }, { resources: { gpus: 8 } });
  const following = await system.fetch(`/logs/${waiting.id}/tail`);
  const feeding = await system.fetch("/events/stream");
  await system.fetch("/experiments/00000000-0000-4000-8000-000000000000");
  const fed = feeding.body?.getReader();
  await fed?.read();
  const next = fed?.read();
  api = await scrape(system.url);
  runner = await scrape(started.url ?? "");
  await following.body?.cancel();
  await fed?.cancel();
  await next?.catch(() => undefined);
  await system.put(waiting.id, { status: "CANCELLED" });
  await system.put(held.id, { status: "CANCELLED" });
  await system.ended(held.id);
});
after(async () => system[Symbol.asyncDispose]());

test("the API tells what waits and runs, what it answered, and who listens", () => {
  assert.equal(value(api, "skeduler_experiments", { status: "ENQUEUED" }), 1);
  assert.equal(value(api, "skeduler_experiments", { status: "RUNNING" }), 1);
  assert.ok(value(api, "skeduler_longest_wait_seconds") > 0);
  assert.equal(value(api, "skeduler_wait_seconds"), 2);
  assert.ok(value(api, "skeduler_placement_seconds") >= 2);
  assert.equal(value(api, "skeduler_hosts", { state: "active" }), 1);
  assert.equal(value(api, "skeduler_gpus", { host: "watched", state: "held" }), 1);
  assert.equal(value(api, "skeduler_gpus", { host: "watched" }), 2);
  assert.ok(value(api, "skeduler_heartbeat_age_seconds", { host: "watched" }) < 30);
  assert.equal(
    value(api, "skeduler_http_request_seconds", { method: "POST", route: "/experiments", status: "200" }),
    3,
  );
  assert.equal(value(api, "skeduler_http_request_seconds", { route: "/experiments/:id", status: "404" }), 1);
  assert.equal(value(api, "skeduler_tails"), 1);
  assert.equal(value(api, "skeduler_event_streams"), 1);
  assert.ok(value(api, "skeduler_queue_jobs_total", { task: "place-experiments", outcome: "done" }) >= 1);
  assert.ok(value(api, "skeduler_notify_lag_seconds") >= 1);
  assert.equal(value(api, "skeduler_database_up"), 1);
  assert.ok(value(api, "skeduler_pool_connections", { pool: "api" }) >= 1);
});

test("the runner tells of its attempts, starts, logs and heartbeats", () => {
  assert.equal(value(runner, "skeduler_runner_attempts", { host: "watched" }), 1);
  assert.equal(value(runner, "skeduler_runner_attempts_closed_total", { reason: "exited" }), 1);
  assert.equal(value(runner, "skeduler_runner_start_seconds"), 2);
  assert.equal(value(runner, "skeduler_runner_pull_seconds"), 0);
  assert.ok(value(runner, "skeduler_runner_log_bytes_total") > 19);
  assert.ok(value(runner, "skeduler_runner_log_flush_seconds") >= 1);
  assert.ok(value(runner, "skeduler_runner_heartbeats_total", { outcome: "answered" }) >= 1);
  assert.equal(value(runner, "skeduler_runner_engine_up"), 1);
  assert.ok(value(runner, "skeduler_queue_jobs_total", { task: "start-experiment" }) >= 1);
});

test("neither answers without a token, and a runner has nothing else", async () => {
  const url = system.runners[0]?.url ?? "";
  for (const base of [system.url, url]) assert.equal((await fetch(`${base}/metrics`)).status, 401);
  assert.equal((await fetch(`${url}/healthz`)).status, 200);
  assert.equal((await system.fetch("/experiments", {}, url)).status, 404);
  assert.equal((await fetch(`${url}/metrics`, { headers: { Authorization: `Bearer ${token}` } })).status, 200);
});

test("a database that is away takes the census away, not the answer", async () => {
  await using proxy = await CutProxy.start(system.database);
  const through = new URL(system.database);
  through.host = `127.0.0.1:${proxy.port}`;
  const config = system.config();
  const cut = await startApi({
    config,
    database: through.href,
    tokens: config.tokens,
    log: pino({ level: "silent" }),
  });
  proxy.cut();
  const found = await scrape(cut.url);
  assert.equal(value(found, "skeduler_database_up"), 0);
  assert.equal(found.get("skeduler_experiments")?.samples.length, 0);
  proxy.mend();
  await cut.close();
});

interface Selector {
  readonly name: string;
  readonly labels: readonly string[];
}

/** The metrics that an expression asks for, with the labels that it matches; throws where it is no PromQL. */
function selectorsOf(expression: string): Selector[] {
  const text = expression.replaceAll("$__rate_interval", "5m");
  const found: { name: string; labels: string[] }[] = [];
  parser.parse(text).iterate({
    enter({ name, from, to, type, node }) {
      assert.ok(!type.isError, `not PromQL at ${from}: ${text}`);
      const inSelector = node.parent?.name === "VectorSelector" || node.parent?.name === "UnquotedLabelMatcher";
      if (name === "Identifier" && inSelector) found.push({ name: text.slice(from, to), labels: [] });
      if (name === "LabelName" && inSelector) found.at(-1)?.labels.push(text.slice(from, to));
    },
  });
  assert.ok(found.length > 0, text);
  return found;
}

function expressions(): string[] {
  const read = (path: string): string => readFileSync(new URL(`../../deploy/${path}`, import.meta.url), "utf8");
  const rules = z
    .object({
      groups: z.array(
        z.object({
          rules: z.array(
            z.object({
              alert: z.string(),
              expr: z.string(),
              annotations: z.object({ summary: z.string(), action: z.string() }),
            }),
          ),
        }),
      ),
    })
    .parse(parseYaml(read("prometheus/skeduler.yml")));
  const dashboard = z
    .object({ panels: z.array(z.object({ targets: z.array(z.object({ expr: z.string() })) })) })
    .parse(JSON.parse(read("grafana/skeduler.json")));
  return [
    ...rules.groups.flatMap((group) => group.rules.map((rule) => rule.expr)),
    ...dashboard.panels.flatMap((panel) => panel.targets.map((target) => target.expr)),
  ];
}

test("the dashboard and the alert rules ask only for what is there", () => {
  const all = new Map([...api, ...runner]);
  const wrong: string[] = [];
  for (const expression of expressions()) {
    for (const { name, labels } of selectorsOf(expression)) {
      const family = all.get(name.replace(/_(bucket|count|sum)$/, ""));
      if (family === undefined) wrong.push(`${name} is not there: ${expression}`);
      const known = new Set(family?.samples.flatMap((one) => Object.keys(one.labels)));
      for (const label of labels) if (!known.has(label)) wrong.push(`${name} has no label ${label}: ${expression}`);
    }
  }
  assert.deepEqual(wrong, []);
});

test("every metric is documented", () => {
  const text = readFileSync(new URL("../../docs/operating.md", import.meta.url), "utf8");
  const missing = [...new Map([...api, ...runner]).keys()].filter((name) => !text.includes(`\`${name}\``));
  assert.deepEqual(missing, []);
});
