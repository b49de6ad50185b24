// The websocket's door: the same refusals as everywhere, in JSON; then messages, pings, and 1001 when the server stops.
import assert from "node:assert/strict";
import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import { after, test } from "node:test";
import { WebSocket } from "ws";
import { ApiError } from "../../runtime/errors.ts";
import { serve } from "../../runtime/http/listen.ts";
import { createUpgrade, type SendTail } from "../../runtime/http/upgrade.ts";
import { sealSession } from "../../runtime/http/cookie.ts";
import { id, makeApp, tokens } from "./app.ts";

const closers: (() => Promise<void>)[] = [];
after(async () => Promise.all(closers.map(async (close) => close())));

async function start(
  tail: SendTail = async (ws) => {
    ws.send(Buffer.from("a line"));
    ws.close(1000);
    return Promise.resolve();
  },
) {
  const { app, config, log } = makeApp();
  const openTail = async (wanted: string) =>
    wanted === id ? Promise.resolve(tail) : Promise.reject(new ApiError("not_found", "There is no such experiment."));
  const upgrade = createUpgrade({ tokens, config, log, openTail, pingEvery: 30 });
  const server = await serve(app, config, { onUpgrade: upgrade.onUpgrade, log });
  const close = async () => {
    const stopped = server.close("the test is over");
    await upgrade.close();
    await stopped;
  };
  closers.push(close);
  return { at: (path: string) => `ws://127.0.0.1:${server.port}${path}`, origin: server.url, close, url: server.url };
}

async function refused(url: string, headers: Record<string, string>) {
  const ws = new WebSocket(url, { headers });
  ws.on("error", () => undefined);
  const [, answer] = (await once(ws, "unexpected-response")) as [unknown, IncomingMessage];
  const chunks: Buffer[] = [];
  for await (const chunk of answer) chunks.push(chunk as Buffer);
  const { code } = JSON.parse(Buffer.concat(chunks).toString()) as { code: string };
  return [answer.statusCode, code];
}

test("refusals before the upgrade are JSON", async () => {
  const { at } = await start();
  const token = { Authorization: "Bearer sesame" };
  const tail = at(`/logs/${id}/tail?ws`);
  assert.deepEqual(await refused(tail, {}), [401, "unauthorized"]);
  assert.deepEqual(await refused(at(`/logs/${id}/tail?ws&token=sesame`), {}), [401, "unauthorized"]);
  assert.deepEqual(await refused(tail, { Host: "evil.example", ...token }), [403, "foreign_host"]);
  assert.deepEqual(await refused(tail, { Origin: "http://evil.example", ...token }), [403, "foreign_origin"]);
  assert.deepEqual(
    await refused(tail, { Cookie: `skeduler_session=${sealSession(tokens[0] ?? { name: "", token: "" })}` }),
    [401, "unauthorized"],
  );
  assert.deepEqual(await refused(at("/logs/1/tail?ws"), token), [400, "malformed_id"]);
  assert.deepEqual(await refused(at("/logs/00000000-0000-0000-0000-000000000000/tail?ws"), token), [404, "not_found"]);
  assert.deepEqual(await refused(at("/experiments"), token), [404, "not_found"]);
});

test("a token, or a cookie from our own origin, opens the tail", async () => {
  const { at, origin } = await start();
  const cookie = `skeduler_session=${sealSession(tokens[0] ?? { name: "", token: "" })}`;
  for (const headers of [{ Authorization: "sesame" }, { Cookie: cookie, Origin: origin }] as Record<string, string>[]) {
    const ws = new WebSocket(at(`/logs/${id}/tail?ws`), { headers });
    const closed = once(ws, "close");
    const upgraded = once(ws, "upgrade");
    const [message, binary] = (await once(ws, "message")) as [Buffer, boolean];
    const [answer] = (await upgraded) as [IncomingMessage];
    assert.match(answer.headers["x-request-id"] as string, /^[\w-]{36}$/);
    assert.deepEqual([message.toString(), binary], ["a line", true]);
    assert.equal((await closed)[0], 1000);
  }
});

test("an idle client that answers pings stays, one that does not is ended", async () => {
  const { at } = await start(async () => Promise.resolve());
  const lively = new WebSocket(at(`/logs/${id}/tail?ws`), { headers: { Authorization: "sesame" } });
  const dead = new WebSocket(at(`/logs/${id}/tail?ws`), { headers: { Authorization: "sesame" }, autoPong: false });
  let pings = 0;
  lively.on("ping", () => (pings += 1));
  assert.equal((await once(dead, "close"))[0], 1006);
  assert.ok(pings >= 2);
  assert.equal(lively.readyState, WebSocket.OPEN);
});

test("the server's stop closes tails with 1001, a failing tail with 1011", async () => {
  const failing = await start(async () => Promise.reject(new Error("a defect")));
  const broken = new WebSocket(failing.at(`/logs/${id}/tail?ws`), { headers: { Authorization: "sesame" } });
  assert.equal((await once(broken, "close"))[0], 1011);
  const { at, close } = await start(async () => Promise.resolve());
  const ws = new WebSocket(at(`/logs/${id}/tail?ws`), { headers: { Authorization: "sesame" } });
  await once(ws, "open");
  const [[code]] = (await Promise.all([once(ws, "close"), close()])) as [[number], unknown];
  assert.equal(code, 1001);
});

test("an upgrade to something else is an ordinary request", async () => {
  const { url } = await start();
  const { request } = await import("node:http");
  const sent = request(`${url}/healthz`, { headers: { Connection: "Upgrade, HTTP2-Settings", Upgrade: "h2c" } }).end();
  const [answer] = (await once(sent, "response")) as [IncomingMessage];
  assert.equal(answer.statusCode, 200);
  answer.resume();
});
