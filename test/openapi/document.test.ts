// The document describes every call that there is and no other, passes a linter, and its examples pass its own schemas.

import assert from "node:assert/strict";
import { test } from "node:test";
import { createConfig, lintFromString } from "@redocly/openapi-core";
import { describeApi } from "../../runtime/openapi/document.ts";
import { operations } from "../../runtime/openapi/operations.ts";
import { renderPage } from "../../runtime/openapi/page.ts";
import { typeText } from "../../runtime/openapi/type-text.ts";
import { makeApp } from "../http/app.ts";
import { Validator } from "../support/openapi.ts";

const document = describeApi(operations, "1.2.3");

test("every route is described, and nothing else", () => {
  const { app } = makeApp();
  const routes = app.routes
    .filter(({ method }) => method !== "ALL")
    .map(({ method, path }) => `${method} ${path.replaceAll(/:(\w+)/g, "{$1}")}`);
  const described = operations.map(({ method, path }) => `${method} ${path}`);
  assert.deepEqual([...new Set(routes)].sort(), described.sort());
});

test("the linter has nothing to say", async () => {
  const config = await createConfig({ extends: ["recommended-strict"] });
  const problems = await lintFromString({ source: JSON.stringify(document), config });
  assert.deepEqual(
    problems.map(({ message, ruleId, location }) => `${ruleId}: ${message} ${location[0]?.pointer ?? ""}`),
    [],
  );
});

test("each example passes the schema beside it", () => {
  const validator = new Validator(document);
  const bodies = operations.filter(({ body }) => body !== undefined);
  assert.ok(bodies.length > 3);
  for (const { id, body } of bodies) assert.deepEqual(validator.bodyFaults(id, body?.example), [], id);
  assert.notDeepEqual(validator.bodyFaults("createExperiment", { name: "no image", docker: {} }), []);
});

test("the page has a section for each call and each type, and no script", async () => {
  const { html } = await renderPage(document);
  for (const { id } of operations) assert.ok(html.includes(`<section id="${id}">`), id);
  for (const name of Object.keys(document.components.schemas)) assert.ok(html.includes(`id="type-${name}"`), name);
  assert.ok(!html.includes("<script"));
  assert.ok(!html.includes("[object"));
});

test("a type reads as TypeScript does", () => {
  const schema = {
    type: "object",
    properties: {
      a: { type: ["string", "null"] },
      b: { type: "array", items: { anyOf: [{ $ref: "#/components/schemas/Gpu" }, { type: "integer" }] } },
      c: { enum: ["x", "y"], description: "why", default: "x" },
      d: { type: "object", additionalProperties: { type: "number" } },
    },
    required: ["a"],
  };
  assert.equal(
    typeText(schema),
    '{\n  a: text | null\n  b?: (Gpu | integer)[]\n  c?: "x" | "y"  // why; default "x"\n  d?: { [name]: number }\n}',
  );
});
