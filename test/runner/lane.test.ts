import assert from "node:assert/strict";
import { test } from "node:test";
import { lane } from "../../runtime/runner/lane.ts";

test("one is in flight, the rest wait in order, and a failure is only its own", async () => {
  const take = lane();
  const said: string[] = [];
  const first = Promise.withResolvers<string>();
  const work = [
    take(async () => {
      said.push("first begins");
      return first.promise;
    }),
    take(async () => {
      said.push("second begins");
      return Promise.reject(new Error("second failed"));
    }),
    take(async () => Promise.resolve(said.push("third begins"))),
  ];
  await Promise.resolve();
  assert.deepEqual(said, ["first begins"]);
  first.resolve("first ends");
  assert.deepEqual(
    (await Promise.allSettled(work)).map(({ status }) => status),
    ["fulfilled", "rejected", "fulfilled"],
  );
  assert.deepEqual(said, ["first begins", "second begins", "third begins"]);
});
