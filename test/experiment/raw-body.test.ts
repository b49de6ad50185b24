// What the schema does not see of a body is refused before the database takes it from the text.

import assert from "node:assert/strict";
import { test } from "node:test";
import { ApiError } from "../../runtime/errors.ts";
import { checkRaw } from "../../runtime/experiment/raw-body.ts";

/** Where it is refused; undefined: it is taken. */
function refusedAt(raw: string): string | undefined {
  try {
    checkRaw(raw, JSON.parse(raw));
    return undefined;
  } catch (error) {
    assert.ok(error instanceof ApiError && error.code === "validation");
    return error.details[0]?.path;
  }
}
const body = (more: string, docker = ""): string =>
  `{"docker": {"image": "i"${docker}}, "metadata": [1e-16383]${more}}`;

test("a name __proto__, however it is written, is no variable's and none of a matrix", () => {
  const variable = body("", ', "environment": {"A": 1, "\\u005f_proto__": [1]}');
  assert.equal(refusedAt(variable), "docker.environment.__proto__");
  assert.equal(refusedAt(`[${body("")}, ${variable}]`), "1.docker.environment.__proto__");
  assert.equal(refusedAt(body(', "matrix": {"__proto__": [1e-16000]}')), "matrix.__proto__");
  assert.equal(refusedAt(body("", ', "environment": {"A": "__proto__", "__proto": 1}')), undefined);
});

test("a number that takes thousands of digits is refused wherever it is stored; in metadata it is kept", () => {
  assert.equal(refusedAt(body(', "resources": {"gpus": 0e-16000}')), "resources.gpus");
  assert.equal(refusedAt(body(', "priority": 0E-16000')), "priority");
  assert.equal(refusedAt(`[${body("")}, ${body(', "retries": {"count": 0e-09999}')}]`), "1.retries.count");
  assert.equal(refusedAt(body("", ', "environment": {"A": 1, "B": 1e-1000}')), "docker.environment.B");
  assert.equal(refusedAt(body("", ', "environment": {"A": "1e-1000", "B": 1e-300}')), undefined);
  assert.equal(refusedAt(body(', "resources": {"gpus": 0e-000}')), undefined);
});
