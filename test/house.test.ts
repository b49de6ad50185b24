// The house's own rules: who may import whom, that only the doors touch pg and dockerode, and that no source grows past 400 lines.

import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { test } from "node:test";

const sources = ["functions", "tasks", "runtime"].flatMap((folder) => globSync(`${folder}/**/*.ts`)).sort();

function importsOf(file: string): string[] {
  const text = readFileSync(file, "utf8");
  return [...text.matchAll(/(?:from|import\()\s*"([^"]+)"/g)].map(([, name = ""]) =>
    name.startsWith(".") ? normalize(join(dirname(file), name)) : name,
  );
}

/** A room is a folder of runtime, or a file standing in it alone. */
function roomOf(file: string): string {
  const [top = "", second = ""] = file.split("/");
  return top === "runtime" ? second.replace(/\.ts$/, "") : top;
}

/** Room → the rooms that it may import. Its own is always allowed, as are errors and log. */
const allowed: Record<string, readonly string[]> = {
  bin: ["api", "runner", "config", "database", "up", "cli", "collect-garbage"],
  cli: ["experiment"],
  api: [
    "functions",
    "tasks",
    "config",
    "database",
    "events",
    "http",
    "logs",
    "placement",
    "notifications",
    "telemetry",
  ],
  functions: [
    "openapi",
    "placement",
    "database",
    "events",
    "experiment",
    "logs",
    "metrics",
    "http",
    "config",
    "coalesce",
    "parse-query",
  ],
  tasks: ["runner", "placement", "database", "config"],
  notifications: ["tasks", "config", "database", "experiment", "logs"],
  http: ["functions", "config", "database"],
  runner: ["functions", "tasks", "config", "database", "docker", "experiment", "http", "logs", "metrics", "telemetry"],
  telemetry: ["database", "http"],
  logs: ["database", "experiment", "parse-query"],
  events: ["database"],
  metrics: ["experiment"],
  database: ["experiment", "logs", "metrics", "scheduler", "collect-garbage"],
  docker: ["experiment"],
  placement: ["scheduler", "database"],
  config: ["experiment"],
  up: [],
  openapi: ["functions", "events", "experiment", "metrics", "scheduler", "logs"],
  scheduler: [],
  experiment: [],
  errors: [],
  log: [],
  version: [],
  coalesce: [],
  "collect-garbage": [],
  "parse-query": [],
};

test("every import goes where the house allows", () => {
  assert.ok(sources.length > 50);
  const faults: string[] = [];
  for (const file of sources) {
    const room = roomOf(file);
    const may = allowed[room];
    assert.ok(may, `${file}: the room "${room}" is not in the table`);
    for (const name of importsOf(file)) {
      if (!/^(functions|tasks|runtime)\//.test(name)) continue;
      const other = roomOf(name);
      if (other !== room && other !== "errors" && other !== "log" && other !== "version" && !may.includes(other))
        faults.push(`${file} → ${name}`);
    }
  }
  assert.deepEqual(faults, []);
});

test("the command line knows the server by HTTP alone: of ours it imports errors, states, units and exact JSON", () => {
  const known = ["errors.ts", "experiment/states.ts", "experiment/units.ts", "experiment/exact-json.ts"];
  const others = sources
    .filter((file) => file.startsWith("runtime/cli/"))
    .flatMap(importsOf)
    .filter(
      (name) =>
        name.startsWith("runtime/") &&
        !name.startsWith("runtime/cli/") &&
        !known.includes(name.slice("runtime/".length)),
    );
  assert.deepEqual(others, []);
});

test("only runtime/database imports pg, only runtime/docker imports dockerode", () => {
  const outside = (name: string, door: string): string[] =>
    sources.filter((file) => importsOf(file).includes(name) && !file.startsWith(door));
  assert.deepEqual(outside("pg", "runtime/database/"), []);
  assert.deepEqual(outside("dockerode", "runtime/docker/"), []);
});

test("no source is longer than 400 lines", () => {
  const long = [...sources, ...globSync("test/**/*.ts")].filter(
    (file) => readFileSync(file, "utf8").split("\n").length > 400,
  );
  assert.deepEqual(long, []);
});
