// No value of a secret stands in what is shown.

import assert from "node:assert/strict";
import { test } from "node:test";
import { withoutSecrets } from "../../runtime/runner/secrets.ts";

test("of a secret that another one begins nothing is left, in whatever order they were named", () => {
  const values = ["", "s3cr3t", "s3cr3t-and-more"];
  for (const order of [values, values.toReversed()])
    assert.equal(withoutSecrets("s3cr3t s3cr3t-and-more", order), "*** ***");
});
