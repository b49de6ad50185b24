import assert from "node:assert/strict";
import { test } from "node:test";
import { retries, retryDelay } from "../../runtime/experiment/retries.ts";
import type { Result } from "../../runtime/experiment/states.ts";

const result = (reason: Result["reason"], exit_code: number | null = null): Result => ({
  reason,
  exit_code,
  signal: null,
  message: "",
});

test("the wait doubles with each retry, to an hour and no longer", () => {
  const asked = retries.parse({ count: 100, backoff: "10s" });
  const waits = Array.from({ length: 12 }, (_, retried) => retryDelay(asked, retried, result("engine")));
  assert.deepEqual(
    waits,
    [10, 20, 40, 80, 160, 320, 640, 1280, 2560, 3600, 3600, 3600].map((seconds) => seconds * 1000),
  );
  assert.equal(retryDelay(asked, 99, result("engine")), 3_600_000);
  assert.equal(retryDelay(asked, 100, result("engine")), undefined);
  assert.equal(retryDelay(retries.parse({ count: 1, backoff: "5h" }), 0, result("engine")), 3_600_000);
  assert.equal(retryDelay(retries.parse({ count: 1, backoff: "0" }), 0, result("engine")), 0);
});

test("only a cause that was asked for is tried again, and never a success", () => {
  const usual = retries.parse(1);
  for (const reason of ["host_lost", "engine", "image"] as const)
    assert.equal(retryDelay(usual, 0, result(reason)), 10_000, reason);
  for (const reason of ["exited", "oom", "user", "time_limit"] as const)
    assert.equal(retryDelay(usual, 0, result(reason, 1)), undefined, reason);
  const own = retries.parse({ count: 1, on: ["exited"], backoff: "1s" });
  assert.equal(retryDelay(own, 0, result("exited", 1)), 1_000);
  assert.equal(retryDelay(own, 0, result("exited", 0)), undefined);
  assert.equal(retryDelay(null, 0, result("engine")), undefined);
});
