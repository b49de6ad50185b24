// The tail, by HTTP and by websocket, opened before, during and after, continued from a position, by header and cookie.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { WebSocket } from "ws";
import { System, token } from "../support/system.ts";

let system: System;
before(async () => {
  system = await System.start();
  await system.addApi(); // a second process on the same database serves the same tails
  await system.addRunner("tailed", { SKEDULER_RUNNER_STOP_GRACE: "1s" });
});
after(async () => system[Symbol.asyncDispose]());

const script = "echo one; echo err >&2; sleep 1; echo two; printf three";

async function tail(id: string, query = "", url = system.url): Promise<string> {
  const response = await system.fetch(`/logs/${id}/tail${query}`, {}, url);
  assert.equal(response.status, 200);
  return response.text();
}

interface SocketEnd {
  readonly lines: string[];
  readonly positions: string[];
  readonly code: number;
}

async function socketTail(
  id: string,
  query: string,
  options: { url?: string; headers?: Record<string, string>; until?: number } = {},
): Promise<SocketEnd> {
  const { url = system.url, headers = { Authorization: `Bearer ${token}` }, until } = options;
  const ws = new WebSocket(`${url.replace("http", "ws")}/logs/${id}/tail?ws${query}`, { headers });
  const lines: string[] = [];
  const positions: string[] = [];
  ws.on("message", (data: Buffer, binary: boolean) => {
    if (until !== undefined && positions.length === until) return; // as if the connection had been cut here
    (binary ? lines : positions).push(data.toString());
    if (until !== undefined && positions.length === until) ws.terminate();
  });
  return new Promise((resolve, reject) => {
    ws.on("error", reject);
    ws.on("close", (code) => resolve({ lines, positions, code }));
  });
}

test("opened before, during and after, by both ways and from both processes, it is the log", async () => {
  const { id } = await system.postScript(script);
  const second = system.apis[1]?.url ?? "";
  const before = Promise.all([
    tail(id),
    tail(id, "?stream=stdout", second),
    socketTail(id, "&stream=stdout"),
    socketTail(id, "", { url: second }),
  ]);
  await system.logged(id, "one\n");
  const during = Promise.all([tail(id), socketTail(id, "&stream=stdout")]);
  await system.ended(id);
  const all = (await system.log(id)).toString();
  const stdout = "one\ntwo\nthree";
  const [all1, out1, ws1, wsAll] = await before;
  assert.equal(all1, all);
  assert.equal(out1, stdout);
  assert.deepEqual(ws1, { lines: ["one", "two", "three"], positions: [], code: 1000 });
  assert.deepEqual(wsAll.lines, all.split("\n").slice(0, -1));
  const [all2, ws2] = await during;
  assert.equal(all2, all);
  assert.deepEqual(ws2.lines, ["one", "two", "three"]);
  assert.equal(await tail(id), all);
  assert.deepEqual(await socketTail(id, "&stream=stdout"), {
    lines: ["one", "two", "three"],
    positions: [],
    code: 1000,
  });
  assert.equal(await tail(id, "?stream=stdout&tail=2"), "two\nthree");
});

test("continued from a position it neither skips nor repeats", async () => {
  const { id } = await system.postScript("seq 1 20000");
  await system.ended(id);
  const log = (await system.log(id, "?stream=stdout")).toString();
  const lines = log.split("\n").slice(0, -1);
  const cut = await socketTail(id, "&stream=stdout&cursor=1", { until: 1 });
  const position = cut.positions[0] ?? "";
  const [attempt, offset] = position.split(".").map(Number);
  assert.equal(attempt, 1);
  const seen = cut.lines.length;
  assert.equal(lines.slice(0, seen).join("\n").length + 1, offset);
  const rest = await socketTail(id, `&stream=stdout&after=${position}`);
  assert.deepEqual([...cut.lines, ...rest.lines], lines);
  assert.equal(await tail(id, "?stream=stdout&after=1.1000"), log.slice(1000));
});

test("a tail says where it begins; with timestamps it goes on from a position without a time inside a line", async () => {
  const { id } = await system.postScript("echo one; echo two; printf three");
  await system.ended(id);
  const timed = (await system.log(id, "?stream=stdout&timestamps=1")).toString();
  const last = await system.fetch(`/logs/${id}/tail?stream=stdout&timestamps=1&tail=2`);
  assert.equal(last.headers.get("skeduler-position"), "1.4");
  assert.equal(await last.text(), timed.slice(timed.indexOf("\n") + 1));
  assert.equal(await tail(id, "?stream=stdout&timestamps=1&after=1.4"), timed.slice(timed.indexOf("\n") + 1));
  const within = await tail(id, "?stream=stdout&timestamps=1&after=1.6");
  assert.equal(within, `o\n${timed.slice(timed.lastIndexOf("\n") + 1)}`);
});

test("with timestamps, a retry's log that follows on a line without an end gets no time inside it", async () => {
  const { id } = await system.postScript("printf $SKEDULER_ATTEMPT; test $SKEDULER_ATTEMPT = 2", {
    retries: { count: 1, on: ["exited"], backoff: "1ms" },
  });
  await system.until(id, (e) => e.status === "FINISHED" && e.attempt?.number === 2 && e.attempt.closed_at !== null);
  assert.match(await tail(id, "?stream=stdout&timestamps=1&after=1.0"), /^\S{30} 12$/);
  assert.equal(await tail(id, "?stream=stdout&timestamps=1&after=1.1"), "2");
});

test("a tail ends by itself when a waiting experiment is cancelled", async () => {
  await using quiet = await System.start();
  const { id } = await quiet.postScript("true");
  const response = await quiet.fetch(`/logs/${id}/tail`);
  await quiet.put(id, { status: "CANCELLED" });
  assert.equal(await response.text(), "");
});

test("a server stops at once, though a client of a tail does not read", async () => {
  const api = await system.addApi();
  const { id } = await system.postScript("yes $(printf %01000d 0) | head -n 30000");
  await system.ended(id);
  const response = await system.fetch(`/logs/${id}/tail`, {}, api.url);
  const reader = (response.body as ReadableStream<Uint8Array>).getReader();
  assert.ok(((await reader.read()).value?.length ?? 0) > 0);
  system.apis.splice(system.apis.indexOf(api), 1);
  const from = performance.now();
  await api.close();
  assert.ok(performance.now() - from < 15_000); // half of what requests are given
  await reader.cancel();
});

test("the tail has what is printed in the cancel's grace", async () => {
  const { id } = await system.postScript("trap 'echo bye; exit 0' TERM; echo hi; while :; do sleep 0.1; done");
  const whole = tail(id, "?stream=stdout");
  await system.logged(id, "hi\n");
  await system.put(id, { status: "CANCELLED" });
  assert.equal(await whole, "hi\nbye\n");
});

test("a browser follows a tail with the session's cookie and its own Origin, and with no other", async () => {
  const { id } = await system.postScript("echo seen");
  const session = await system.fetch("/session", { method: "POST" });
  assert.equal(session.ok, true);
  const cookie = (session.headers.get("set-cookie") ?? "").split(";")[0] ?? "";
  const ours = await socketTail(id, "&stream=stdout", { headers: { Cookie: cookie, Origin: system.url } });
  assert.deepEqual(ours.lines, ["seen"]);
  await assert.rejects(socketTail(id, "", { headers: { Cookie: cookie, Origin: "http://evil.example" } }), /403/);
  await assert.rejects(socketTail(id, "", { headers: { Cookie: cookie } }), /401/);
});

test("a line of 2 MB is one message", async () => {
  const { id } = await system.postScript('head -c 2000000 /dev/zero | tr "\\0" y; echo; echo end');
  const { lines } = await socketTail(id, "&stream=stdout");
  assert.deepEqual(
    lines.map((line) => line.length),
    [2_000_000, 3],
  );
});

test("?ws without an upgrade is 426; an unknown experiment is 404 on the socket too", async () => {
  const { id } = await system.postScript("true");
  const plain = await system.fetch(`/logs/${id}/tail?ws`);
  assert.equal(plain.status, 426);
  await assert.rejects(socketTail("00000000-0000-4000-8000-000000000000", ""), /404/);
  await system.ended(id);
});

test("a server that stops closes its tails with 1001", async () => {
  const api = await system.addApi();
  const { id } = await system.postScript("echo up; sleep 30");
  await system.logged(id, "up\n");
  const socket = socketTail(id, "&stream=stdout", { url: api.url });
  const http = system.fetch(`/logs/${id}/tail`, {}, api.url);
  await (await http).body?.getReader().read();
  system.apis.splice(system.apis.indexOf(api), 1);
  await api.close();
  assert.equal((await socket).code, 1001);
  await system.put(id, { status: "CANCELLED" });
  await system.ended(id);
});
