// A line comes to those who follow with the word that it is stored: nothing is read for it.

import assert from "node:assert/strict";
import { on } from "node:events";
import { after, before, mock, test } from "node:test";
import { WebSocket } from "ws";
import { System, token } from "../support/system.ts";

let system: System;
before(async () => {
  mock.timers.enable({ apis: ["setInterval"] }); // of the API: followers' own look would wait for what is locked here
  system = await System.start();
  await system.addRunner("grown", { SKEDULER_RUNNER_STOP_GRACE: "1s" });
});
after(async () => {
  mock.timers.reset();
  await system[Symbol.asyncDispose]();
});

test("a line is there although experiments cannot be read", async () => {
  const { id } = await system.postScript("echo one; sleep 2; echo two; exec sleep 100");
  const ws = new WebSocket(`${system.url.replace("http", "ws")}/logs/${id}/tail?ws&stream=stdout`, {
    headers: { Authorization: `Bearer ${token}` },
  });
  const lines = on(ws, "message", { signal: AbortSignal.timeout(20_000) });
  const next = async (): Promise<string> => String(((await lines.next()).value as [Buffer])[0]);
  assert.equal(await next(), "one");
  await system.query("begin; lock table public.jobs in access exclusive mode");
  try {
    assert.equal(await next(), "two");
  } finally {
    await system.query("rollback");
  }
  ws.terminate();
  await system.put(id, { status: "CANCELLED" });
  await system.ended(id);
});
