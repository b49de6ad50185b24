import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";

const module = new URL("../../runtime/bin/keep-optimized-code.ts", import.meta.url).href;

test("what a start left is collected, and V8 knows the setting for what comes later", () => {
  const script = `
    const { keepOptimizedCode } = await import(${JSON.stringify(module)});
    const left = Array.from({ length: 300_000 }, (_, n) => ({ n }));
    left.length = 0;
    const before = process.memoryUsage().heapTotal;
    keepOptimizedCode();
    console.log(process.memoryUsage().heapTotal / before);`;
  const { status, stdout, stderr } = spawnSync(process.execPath, ["--input-type=module", "-e", script], {
    encoding: "utf8",
  });
  // V8's settings have no promise of staying: one that it no longer knows it names on stderr, and does nothing.
  assert.deepEqual({ status, stderr }, { status: 0, stderr: "" });
  assert.ok(Number(stdout) < 0.6, stdout);
});
