// Signing in: what the cookie looks like, where it counts, and what ends it.
import assert from "node:assert/strict";
import { test } from "node:test";
import { openSession, sealSession, sessionSeconds } from "../../runtime/http/cookie.ts";
import { makeApp, request, tokens } from "./app.ts";

const own = { Origin: "http://localhost:8080" };

test("sign in by header or body, use the cookie with our own origin only, sign out", async () => {
  const { app } = makeApp();
  const byHeader = await request(app, "/session", { method: "POST", headers: { ...own, Authorization: "countess" } });
  const byBody = await request(app, "/session", { method: "POST", headers: own, body: '{"token":"countess"}' });
  for (const answer of [byHeader, byBody]) {
    assert.deepEqual([answer.status, answer.body], [200, { owner: "ada lovelace" }]);
    assert.match(
      answer.headers.get("set-cookie") ?? "",
      /^skeduler_session=[\w.-]+; Max-Age=2592000; Path=\/; HttpOnly; SameSite=Strict$/,
    );
    assert.doesNotMatch(answer.headers.get("set-cookie") ?? "", /countess/);
  }
  const cookie = (byBody.headers.get("set-cookie") ?? "").split(";")[0] ?? "";
  const status = async (headers: Record<string, string>) =>
    (await request(app, "/experiments", { headers: { Cookie: `a=b; ${cookie}`, ...headers } })).status;
  assert.equal(await status(own), 200);
  assert.equal(await status({ "Sec-Fetch-Site": "same-origin" }), 200);
  assert.equal(await status({ "Sec-Fetch-Site": "none" }), 200);
  assert.equal(await status({}), 401);
  assert.equal(await status({ "Sec-Fetch-Site": "cross-site" }), 401);
  assert.equal(await status({ "Sec-Fetch-Site": "same-site" }), 401);
  assert.equal(await status({ ...own, Authorization: "wrong" }), 401);
  assert.equal(await status({ Origin: "http://evil.example" }), 403);
  const trusted = makeApp({ env: { SKEDULER_HTTP_ALLOWED_ORIGINS: "https://lab.example" } }).app;
  const foreign = await request(trusted, "/experiments", {
    headers: { Cookie: cookie, Origin: "https://lab.example" },
  });
  assert.equal(foreign.status, 401); // an allowed origin may use a token, never the cookie
  const out = await request(app, "/session", { method: "DELETE", headers: own });
  assert.match(out.headers.get("set-cookie") ?? "", /^skeduler_session=; Max-Age=0;/);
});

test("a wrong token or body gets no cookie; https gets a Secure one", async () => {
  const { app } = makeApp();
  for (const [body, status] of [
    ['{"token":"wrong"}', 401],
    ['{"token":1}', 400],
    ["{}", 400],
    ["", 400],
  ] as const) {
    const answer = await request(app, "/session", { method: "POST", body });
    assert.deepEqual([answer.status, answer.headers.get("set-cookie")], [status, null]);
  }
  const https = await request(app, "/session", {
    method: "POST",
    headers: { Authorization: "sesame", "X-Forwarded-Proto": "https" },
  });
  assert.match(https.headers.get("set-cookie") ?? "", /; Secure$/);
});

test("a session ends with its time, its token, or a changed letter", () => {
  const [, ada] = tokens;
  assert.ok(ada !== undefined);
  const value = sealSession(ada, 0);
  assert.equal(openSession(value, tokens, sessionSeconds * 1000 - 1), "ada lovelace");
  assert.equal(openSession(value, tokens, sessionSeconds * 1000), undefined);
  assert.equal(openSession(value, [{ ...ada, token: "other" }], 1), undefined);
  assert.equal(openSession(value, [], 1), undefined);
  const [name = "", expiry = "", mac = ""] = value.split(".");
  assert.equal(openSession(`${name}.${Number(expiry) + 1}.${mac}`, tokens, 1), undefined);
  assert.equal(openSession(`${Buffer.from("token-1").toString("base64url")}.${expiry}.${mac}`, tokens, 1), undefined);
});
