// Clients that follow a large log and do not read: the API holds back for each of them instead of keeping it all in memory, and
// who reads has the whole log meanwhile. The API is a process of its own, for its memory alone is looked at.

import assert from "node:assert/strict";
import { once } from "node:events";
import { test } from "node:test";
import { WebSocket } from "ws";
import { token } from "../../bench/frame/process.ts";
import { storeLog } from "../../bench/frame/stored-log.ts";
import { createWorld } from "../../bench/frame/world.ts";

/** 28 MB with their times, which are put in for each client by itself: the bytes that Postgres gave are shared by all. */
const lines = 400_000;
/** By HTTP, and as many by websocket. */
const clients = 10;
/** MiB. Kept for each client of one kind the log would take 270; the garbage of those who read is some 70. */
const allowed = 180;

/** Bytes of a time and the blank after it. */
const stamp = 31;

/** Its headers are there, and with them as much of its body as a client holds before it reads. */
async function idle(url: string): Promise<AbortController> {
  const leaving = new AbortController();
  const response = await fetch(url, { headers: { Authorization: token }, signal: leaving.signal });
  assert.equal(response.status, 200);
  return leaving;
}

async function idleSocket(url: string): Promise<WebSocket> {
  const ws = new WebSocket(url.replace("http", "ws"), { headers: { Authorization: token } });
  await once(ws, "open");
  ws.pause();
  return ws;
}

test("clients that do not read cost the server no memory, and nobody else a line", async () => {
  await using world = await createWorld();
  const { url } = world.api;
  const log = await storeLog(world.sql, lines);
  const tail = `${url}/logs/${log.experiment}/tail?timestamps=1`;
  const read = async (): Promise<Buffer> =>
    Buffer.from(await (await fetch(tail, { headers: { Authorization: token } })).arrayBuffer());
  const whole = await read(); // and a warm-up
  assert.equal(whole.length, log.bytes + log.lines * stamp);
  const before = world.api.memory();
  world.api.forgetMost();
  const each = Array.from({ length: clients });
  const sockets = await Promise.all(each.map(async () => idleSocket(`${tail}&ws`)));
  const idles = await Promise.all(each.map(async () => idle(tail)));
  // All are served side by side: when two have read it, whoever is sent more than it reads has been sent it too.
  for (const again of [await read(), await read()]) assert.ok(again.equals(whole), "the log is not what it was");
  const grown = world.api.memory("most") - before;
  for (const leaving of idles) leaving.abort();
  for (const ws of sockets) ws.terminate();
  assert.ok(grown < allowed, `${grown.toFixed()} MiB more`);
});
