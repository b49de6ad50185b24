// New ids: UUIDs of version 4; those made soon after one another begin alike and ascend, others say nothing of each other.
import assert from "node:assert/strict";
import { test } from "node:test";
import { newId } from "../../runtime/experiment/ids.ts";

const beginning = (id: string): number => parseInt(id.slice(0, 8), 16);

test("ids made soon after one another ascend, close together, each with first digits of its own", () => {
  const ids = Array.from({ length: 1000 }, () => newId(1000));
  for (const id of ids) assert.match(id, /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  const steps = ids.slice(1).map((id, n) => (beginning(id) - beginning(ids[n] ?? "") + 2 ** 32) % 2 ** 32);
  assert.ok(Math.min(...steps) > 0 && Math.max(...steps) <= 4096);
  assert.equal(new Set(ids.map((id) => id.slice(8))).size, ids.length);
});

test("ids made further apart do not begin alike", () => {
  // Of 100 pairs, a pair within 4,096 of 2^32 by chance comes in one of five thousand runs, five of them never.
  const near = Array.from({ length: 100 }, (_, n) => beginning(newId(n * 50 + 10_000)))
    .map((one, n, all) => Math.abs(one - (all[n - 1] ?? Infinity)))
    .filter((step) => step <= 4096);
  assert.ok(near.length < 5, near.join(" "));
});
