// What is wrong with a target is said in one sentence that names it and shows none of its secrets.

import assert from "node:assert/strict";
import { test } from "node:test";
import { loadConfig } from "../../runtime/config/load.ts";
import { UserError } from "../../runtime/errors.ts";

const secret = `whsec_${Buffer.alloc(24).toString("base64")}`;
const good = { name: "lab", webhook: "https://lab.example.org/hook", secret };

function load(...targets: unknown[]) {
  return loadConfig({ env: { SKEDULER_NOTIFICATIONS_TARGETS: JSON.stringify(targets) } }).notifications.targets;
}

test("a target has defaults", () => {
  const [target] = load(good);
  assert.deepEqual(target, {
    kind: "webhook",
    ...good,
    secret: Buffer.alloc(24),
    statuses: ["RUNNING", "FINISHED", "CANCELLED"],
    owners: [],
    names: [],
    default: true,
  });
});

const faults: readonly (readonly [what: string, targets: readonly unknown[], sentence: RegExp])[] = [
  ["of no kind", [{ name: "x" }], /has in its target 1 not exactly one of webhook/],
  [
    "an unknown key",
    [good, { ...good, name: "b", url: "http://secret" }],
    /unknown key in its target 2: url; allowed are name, /,
  ],
  ["two of one name", [good, good], /has two targets named lab/],
  ["the name of the chats", [{ ...good, name: "telegram" }], /wrong at target 1\.name: telegram is/],
  ["no address", [{ ...good, webhook: "file:///etc/passwd" }], /wrong at target 1\.webhook: an http or https address/],
  ["a short secret", [{ ...good, secret: "whsec_c2VjcmV0" }], /wrong at target 1\.secret: "whsec_" and 24 to 64 bytes/],
  ["an unknown status", [{ ...good, statuses: ["DONE"] }], /wrong at target 1\.statuses\.0: some of ENQUEUED/],
];

test("e-mail needs a server to take it", () => {
  assert.throws(
    () => load({ name: "ada", email: "ada@example.org" }),
    /notifications\.smtp\.server in config\.yaml must be set, because the target ada sends e-mail/,
  );
});

for (const [what, targets, sentence] of faults) {
  test(`refused: ${what}`, () => {
    assert.throws(
      () => load(...targets),
      (error) => {
        assert.ok(error instanceof UserError);
        assert.match(error.message, /^SKEDULER_NOTIFICATIONS_TARGETS /);
        assert.match(error.message, sentence);
        assert.doesNotMatch(error.message, /passwd|c2VjcmV0|http:\/\/secret/);
        return true;
      },
    );
  });
}
