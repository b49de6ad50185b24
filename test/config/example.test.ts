// config.yaml.example shows every key with its default.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { z } from "zod";
import { configSchema } from "../../runtime/config/schema.ts";
import { loadConfig } from "../../runtime/config/load.ts";
import { parse } from "yaml";

const example = new URL("../../config.yaml.example", import.meta.url).pathname;

function keysOf(value: unknown, prefix = ""): string[] {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return [prefix];
  return Object.entries(value).flatMap(([key, inner]) => keysOf(inner, prefix === "" ? key : `${prefix}.${key}`));
}

function schemaKeys(schema: unknown, prefix = ""): string[] {
  const inner = schema instanceof z.ZodPrefault ? schema.unwrap() : schema;
  if (!(inner instanceof z.ZodObject)) return [prefix];
  return Object.entries(inner.shape).flatMap(([key, child]) =>
    schemaKeys(child, prefix === "" ? key : `${prefix}.${key}`),
  );
}

test("the example has every key of the schema and no other", () => {
  assert.deepEqual(keysOf(parse(readFileSync(example, "utf8"))).sort(), schemaKeys(configSchema).sort());
});

test("the example's values are the defaults", () => {
  assert.deepEqual(loadConfig({ file: example, env: {} }), loadConfig({ env: {} }));
});

test("every key has a reason beside it", () => {
  const lines = readFileSync(example, "utf8").split("\n");
  const bare = lines.filter(
    (line, n) =>
      /^\s*[a-z_]+:( .*)?$/.test(line) &&
      !/^(http|docker|runner|scheduler|fair_share|quotas|hosts|container|metrics|logs|retention|notifications):$/.test(
        line,
      ) &&
      !/^\s*# .{20,}/.test(lines[n - 1] ?? ""),
  );
  assert.deepEqual(bare, []);
});

test("the targets that the example shows in comments are accepted as they stand", () => {
  const lines = readFileSync(example, "utf8").split("\n");
  const shown = lines.flatMap((line) => /^\s*#\s+- (\{.*\})$/.exec(line)?.[1] ?? []);
  assert.ok(shown.length > 0);
  const env = {
    SKEDULER_NOTIFICATIONS_TARGETS: JSON.stringify(shown.map((line) => parse(line) as unknown)),
    SKEDULER_NOTIFICATIONS_SMTP_SERVER: "smtp://localhost",
  };
  assert.equal(loadConfig({ env }).notifications.targets.length, shown.length);
});
