// The router's own part of every call: paths and methods, tokens, Host and Origin, ids, and errors as JSON.
import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { ApiError } from "../../runtime/errors.ts";
import { authorized, id, makeApp, request } from "./app.ts";

test("a token is needed, bare or after Bearer", async () => {
  const { app, logged } = makeApp();
  for (const [value, owner] of [
    ["sesame", "token-1"],
    ["Bearer sesame", "token-1"],
    ["bearer countess", "ada lovelace"],
  ] as const) {
    const answer = await request(app, "/experiments", { headers: { Authorization: value } });
    assert.deepEqual([answer.status, answer.body], [200, { owner }]);
  }
  for (const headers of [
    {},
    { Authorization: "wrong" },
    { Authorization: "Bearer " },
    { Authorization: "Bearer sesam" },
    { Cookie: "skeduler_session=sesame" },
  ]) {
    const answer = await request(app, "/experiments?token=sesame", { headers });
    assert.deepEqual([answer.status, answer.code], [401, "unauthorized"]);
    assert.doesNotMatch(JSON.stringify(answer.body), /sesam/);
    assert.match(answer.headers.get("www-authenticate") ?? "", /^Bearer/);
  }
  assert.doesNotMatch(logged.join(""), /sesame/);
});

test("health needs no token; readiness follows the database", async () => {
  let away = false;
  const { app } = makeApp({
    ready: async () => (away ? Promise.reject(new Error("migrations are missing")) : Promise.resolve()),
  });
  assert.equal((await request(app, "/healthz", { headers: { Host: "lb.example" } })).status, 200);
  assert.equal((await request(app, "/readyz")).status, 200);
  away = true;
  const answer = await request(app, "/readyz");
  assert.deepEqual([answer.status, answer.code, answer.headers.get("retry-after")], [503, "unavailable", "1"]);
  assert.equal((await request(app, "/healthz")).status, 200);
});

test("unknown path, wrong method, malformed id", async () => {
  const { app } = makeApp();
  assert.equal((await request(app, "/nowhere")).code, "not_found");
  assert.equal((await request(app, "/experiments/a/b", { headers: authorized })).status, 404);
  for (const path of ["/openapixjson", "/experiments/", "/experiments//metrics"])
    assert.equal((await request(app, path, { method: "PUT", headers: authorized })).code, "not_found", path);
  assert.equal((await request(app, "/openapi.json", { method: "PUT" })).headers.get("allow"), "GET, HEAD");
  const wrong = await request(app, `/experiments/${id}`, { method: "DELETE", headers: authorized });
  assert.deepEqual(
    [wrong.status, wrong.code, wrong.headers.get("allow")],
    [405, "method_not_allowed", "GET, HEAD, PUT"],
  );
  for (const bad of ["1", "%00", "%E0%A4%A", `${id}0`, "x".repeat(3000)]) {
    const answer = await request(app, `/experiments/${bad}`, { headers: authorized });
    assert.deepEqual([answer.status, answer.code], [400, "malformed_id"], bad);
  }
  assert.deepEqual((await request(app, `/logs/${id.toUpperCase()}`, { headers: authorized })).body, { id });
});

test("HEAD answers as GET does, without a body, and ends what it streamed", async () => {
  let cancelled = false;
  const stream = () =>
    new ReadableStream({ pull: (to) => to.enqueue(new Uint8Array(9)), cancel: () => void (cancelled = true) });
  const { app } = makeApp({ functions: { tailLogs: () => new Response(stream(), { headers: { "X-From": "tail" } }) } });
  const answer = await request(app, `/logs/${id}/tail`, { method: "HEAD", headers: authorized });
  assert.deepEqual([answer.status, answer.headers.get("x-from"), cancelled], [200, "tail", true]);
  assert.equal((await request(app, `/logs/${id}/tail`, { method: "HEAD" })).status, 401);
});

test("?ws without an upgrade is 426", async () => {
  const { app } = makeApp();
  for (const query of ["ws", "ws=1", "ws=", "tail=1&ws"]) {
    const answer = await request(app, `/logs/${id}/tail?${query}`, { headers: authorized });
    assert.deepEqual(
      [answer.status, answer.code, answer.headers.get("upgrade")],
      [426, "upgrade_required", "websocket"],
    );
  }
  assert.equal((await request(app, `/logs/${id}/tail?wsx`, { headers: authorized })).status, 200);
});

test("Host: own names and addresses pass, others are foreign", async () => {
  const { app } = makeApp();
  const status = async (host: string, of = app) =>
    (await request(of, "/experiments", { headers: { ...authorized, Host: host } })).status;
  for (const host of ["localhost", "127.0.0.1:8080", "[::1]:8080", "10.1.2.3", "LOCALHOST:1", "a.localhost"])
    assert.equal(await status(host), 200, host);
  for (const host of ["evil.example", "localhost.evil.example", "127.0.0.1.evil.example"])
    assert.equal(await status(host), 403, host);
  for (const host of ["", "a b", "evil@localhost"]) assert.equal(await status(host), 400, host);
  assert.equal(await status("lab.example", makeApp({ env: { SKEDULER_HTTP_ALLOWED_HOSTS: "lab.example" } }).app), 200);
  assert.equal(await status("any.example", makeApp({ env: { SKEDULER_HTTP_ALLOWED_HOSTS: "*" } }).app), 200);
  const answer = await request(app, "/experiments", { headers: { Host: "evil.example" } });
  assert.equal(answer.code, "foreign_host");
});

test("Origin: our own and the allowed pass, others are foreign, even with a token", async () => {
  const { app } = makeApp({ env: { SKEDULER_HTTP_ALLOWED_ORIGINS: "https://lab.example" } });
  const of = async (headers: Record<string, string>) =>
    (await request(app, "/experiments", { headers: { ...authorized, ...headers } })).code;
  assert.equal(await of({ Origin: "http://localhost:8080" }), undefined);
  assert.equal(await of({ Origin: "https://localhost:8080", "X-Forwarded-Proto": "https" }), undefined);
  assert.equal(await of({ Origin: "https://lab.example" }), undefined);
  for (const origin of ["https://localhost:8080", "http://localhost", "http://evil.example", "null"])
    assert.equal(await of({ Origin: origin }), "foreign_origin", origin);
});

test("errors: ours, the database's, defects", async () => {
  let thrown: unknown;
  const { app, logged } = makeApp({
    functions: {
      listExperiments: () => {
        throw thrown;
      },
    },
  });
  const of = async (error: unknown) => {
    thrown = error;
    return request(app, "/experiments", { headers: { ...authorized, "X-Request-Id": "r-1" } });
  };
  assert.deepEqual((await of(new ApiError("conflict", "No."))).body, { error: "No.", code: "conflict" });
  const coded = (code: string) => Object.assign(new Error("x"), { code });
  const away = [
    coded("ECONNREFUSED"),
    coded("57P01"),
    coded("57P03"),
    coded("53300"),
    coded("08006"),
    new AggregateError([coded("ECONNREFUSED")]),
    new Error("a query failed", { cause: coded("57P01") }),
    new Error("Connection terminated unexpectedly"),
    new Error("timeout exceeded when trying to connect"),
  ];
  for (const error of away) {
    const answer = await of(error);
    assert.deepEqual([answer.status, answer.code, answer.headers.get("retry-after")], [503, "unavailable", "1"]);
  }
  const defect = await of(coded("42703"));
  assert.deepEqual([defect.status, defect.code, defect.headers.get("x-request-id")], [500, "internal", "r-1"]);
  assert.match(String(defect.body["error"]), /r-1/);
  assert.match(logged.at(-2) ?? "", /"requestId":"r-1".*42703/);
});

test("a line per request, without its query; a slow one is a warning", async () => {
  const { app, logged } = makeApp({
    functions: {
      listHosts: async (c) => {
        await sleep(1_050); // a slow one takes a second
        return c.json([]);
      },
    },
  });
  const headers = { ...authorized, "X-Request-Id": "r-2" };
  await request(app, "/experiments?name=secret", { headers });
  await request(app, "/hosts", { headers });
  const [usual, late] = logged.map((line) => JSON.parse(line) as Record<string, unknown>);
  const about = ({ level, requestId, owner, method, path, status }: Record<string, unknown>) =>
    [level, requestId, owner, method, path, status].join(" ");
  assert.equal(about(usual ?? {}), "20 r-2 token-1 GET /experiments 200");
  assert.equal(about(late ?? {}), "40 r-2 token-1 GET /hosts 200");
});
