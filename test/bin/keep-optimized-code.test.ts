// V8's settings have no promise of staying: one that it no longer knows it names on stderr, and does nothing.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";

test("V8 knows the setting that keeps optimized code", () => {
  const module = new URL("../../runtime/bin/keep-optimized-code.ts", import.meta.url).href;
  const script = `const { keepOptimizedCode } = await import(${JSON.stringify(module)}); keepOptimizedCode();`;
  const { status, stderr } = spawnSync(process.execPath, ["--input-type=module", "-e", script], { encoding: "utf8" });
  assert.deepEqual({ status, stderr }, { status: 0, stderr: "" });
});
