// Chaos, bounded: every kind of fault once, on the real parts, in an order that the seed gives. `npm run chaos` is the same for as
// long as you like; it prints how to have a failed run again.

import assert from "node:assert/strict";
import { test } from "node:test";
import { rootOnly } from "../support/root-only.ts";
import { chaos } from "./chaos.ts";
import { faults } from "./faults.ts";
import { asText } from "./report.ts";

test(
  "nothing is lost, whatever is killed, stopped, cut off or silent",
  rootOnly("have a Docker Engine of its own"),
  async () => {
    const { summary } = await chaos({
      seed: process.env["SKEDULER_TEST_SEED"] ?? "1",
      duration: undefined,
      kinds: Object.keys(faults),
      pauses: [300, 2_500],
      rate: 0.7,
      tails: 20,
      say: (line) => void process.stdout.write(`${line}\n`),
    });
    process.stdout.write(`${asText(summary)}\n`);
    assert.deepEqual(summary.violations, []);
    assert.ok((summary.counts["experiments"] ?? 0) > 50 && (summary.counts["tails compared"] ?? 0) > 20);
  },
);
