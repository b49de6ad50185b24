// Every bad input gets a clear JSON error, and the next request is served; one bad experiment among many harms no other.

import assert from "node:assert/strict";
import { connect } from "node:net";
import { after, before, test } from "node:test";
import { System, image, token } from "../support/system.ts";

let system: System;
before(async () => {
  system = await System.start(); // no runner: what is enqueued here waits
});
after(async () => system[Symbol.asyncDispose]());

const good = { name: "good", docker: { image } };

type Body = NonNullable<RequestInit["body"]>;

interface Answer {
  readonly status: number;
  readonly code: string | undefined;
  readonly body: Record<string, unknown>;
}

async function send(path: string, init: RequestInit = {}): Promise<Answer> {
  const response = await system.fetch(path, init);
  const body = (await response.json()) as Record<string, unknown>;
  // Whatever came before, the next request is served.
  assert.equal((await system.fetch("/healthz")).status, 200);
  return { status: response.status, code: body["code"] as string | undefined, body };
}

const post = async (body: Body, headers: Record<string, string> = {}): Promise<Answer> =>
  send("/experiments", { method: "POST", body, headers });

function refused(answer: Answer, status: number, code: string): void {
  assert.deepEqual([answer.status, answer.code], [status, code], JSON.stringify(answer.body));
  assert.match(String(answer.body["error"]), /^.{10,}$/s);
}

const bad: readonly [what: string, body: Body, code: string, path?: string][] = [
  ["malformed JSON", '{"name": ', "invalid_json"],
  ["an empty body", "", "invalid_json"],
  ["an array where an object is wanted", "[]", "validation"],
  ["no name", JSON.stringify({ docker: { image } }), "validation", "name"],
  ["an empty name", JSON.stringify({ ...good, name: "  " }), "validation", "name"],
  ["no image", JSON.stringify({ name: "x", docker: {} }), "validation", "docker.image"],
  [
    "an image of two words",
    JSON.stringify({ name: "x", docker: { image: "two words" } }),
    "validation",
    "docker.image",
  ],
  ["a wrong type", JSON.stringify({ ...good, name: 5 }), "validation", "name"],
  [
    "a command with an open quote",
    JSON.stringify({ name: "x", docker: { image, command: "echo 'x" } }),
    "validation",
    "docker.command",
  ],
  [
    "an environment value of a wrong type",
    JSON.stringify({ name: "x", docker: { image, environment: { A: [1] } } }),
    "validation",
    "docker.environment.A",
  ],
  [
    "a variable that Skeduler sets",
    JSON.stringify({ name: "x", docker: { image, environment: { SKEDULER_ID: "1" } } }),
    "validation",
    "docker.environment.SKEDULER_ID",
  ],
  ["too little memory", JSON.stringify({ ...good, resources: { memory: "1k" } }), "validation", "resources.memory"],
  [
    "a size without a unit",
    JSON.stringify({ ...good, resources: { gpu_memory: "40" } }),
    "validation",
    "resources.gpu_memory",
  ],
  [
    "a retry for no known cause",
    JSON.stringify({ ...good, retries: { count: 1, on: ["bad luck"] } }),
    "validation",
    "retries",
  ],
  ["NUL in text", '{"name": "a\\u0000b", "docker": {"image": "i"}}', "validation", "name"],
  ["NUL in metadata", '{"name": "a", "docker": {"image": "i"}, "metadata": {"k": "\\u0000"}}', "validation"],
  ["half a surrogate pair", '{"name": "a\\ud800", "docker": {"image": "i"}}', "validation"],
  ["invalid UTF-8", Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x7d]), "invalid_utf8"],
];

for (const [what, body, code, path] of bad) {
  test(`${what} is a 400 that says where`, async () => {
    const answer = await post(body);
    refused(answer, 400, code);
    if (path === undefined) return;
    const details = answer.body["details"] as { path: string }[];
    assert.ok(
      details.some((detail) => detail.path === path),
      JSON.stringify(details),
    );
  });
}

test("an unknown field is a 400 that names it; a server-assigned one is ignored", async () => {
  const answer = await post(JSON.stringify({ ...good, prioritty: 5 }));
  refused(answer, 400, "validation");
  assert.match(JSON.stringify(answer.body), /prioritty/);
  const sent = { ...good, id: "x", status: "FINISHED", created_at: 1, updated_at: null, owner: "me" };
  const created = await post(JSON.stringify(sent));
  assert.equal(created.status, 200);
  assert.equal(created.body["status"], "ENQUEUED");
  assert.equal(created.body["owner"], "token-1");
});

test("a body above the limit is 413, with and without a length", async () => {
  const large = JSON.stringify({ ...good, description: "x".repeat(1_100_000) });
  refused(await post(large), 413, "payload_too_large");
  const chunked = new ReadableStream({
    start(controller) {
      controller.enqueue(Buffer.from(large));
      controller.close();
    },
  });
  const init = { method: "POST", body: chunked, duplex: "half" } as RequestInit;
  refused(await send("/experiments", init), 413, "payload_too_large");
});

test("a deeply nested body is no crash", async () => {
  const deep = `${"[".repeat(200_000)}${"]".repeat(200_000)}`;
  const answer = await post(`{"name": "deep", "docker": {"image": "i"}, "metadata": ${deep}}`);
  assert.ok(answer.status === 400, String(answer.status));
});

test("ids, paths and methods", async () => {
  refused(await send("/experiments/not-a-uuid"), 400, "malformed_id");
  refused(await send("/experiments/00000000-0000-4000-8000-000000000000"), 404, "not_found");
  refused(
    await send("/experiments/00000000-0000-4000-8000-000000000000", { method: "PUT", body: "{}" }),
    404,
    "not_found",
  );
  refused(await send("/nowhere"), 404, "not_found");
  refused(await send("/experiments", { method: "DELETE" }), 405, "method_not_allowed");
  refused(await send("/experiments?limit=0"), 400, "validation");
  refused(await send("/experiments?colour=red"), 400, "validation");
  refused(await send("/experiments?status=DONE"), 400, "validation");
});

test("no token, a wrong one, a foreign Origin", async () => {
  const bare = await fetch(`${system.url}/experiments`);
  assert.equal(bare.status, 401);
  assert.equal(((await bare.json()) as { code: string }).code, "unauthorized");
  refused(await send("/experiments", { headers: { Authorization: "Bearer wrong" } }), 401, "unauthorized");
  refused(await send("/experiments", { headers: { Origin: "http://evil.example" } }), 403, "foreign_origin");
  const bearer = await system.fetch("/experiments", { headers: { Authorization: `Bearer ${token}` } });
  assert.equal(bearer.status, 200);
  const inUrl = await fetch(`${system.url}/experiments?token=${token}`);
  assert.equal(inUrl.status, 401);
});

async function raw(text: string): Promise<string> {
  const { hostname, port } = new URL(system.url);
  const socket = connect(Number(port), hostname);
  socket.on("error", () => undefined);
  socket.write(text);
  const chunks: Buffer[] = [];
  for await (const chunk of socket) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}

test("a foreign Host, a header of 2 MB, no HTTP at all", async () => {
  const foreign = await raw(
    `GET /experiments HTTP/1.1\r\nHost: evil.example\r\nAuthorization: ${token}\r\nConnection: close\r\n\r\n`,
  );
  assert.match(foreign, /^HTTP\/1\.1 403 [\s\S]*"code":"foreign_host"/);
  const large = await raw(`GET /experiments HTTP/1.1\r\nHost: localhost\r\nX: ${"x".repeat(2_000_000)}\r\n\r\n`);
  assert.match(large, /^HTTP\/1\.1 431 [\s\S]*"code":"headers_too_large"/);
  assert.match(await raw("HELLO\r\n\r\n"), /^HTTP\/1\.1 400 [\s\S]*"code":"bad_request"/);
  assert.equal((await system.fetch("/healthz")).status, 200);
});

test("one bad experiment among a hundred concurrent POSTs harms no other", async () => {
  // It passes the schema and fails in the database: jsonb has no number of so many digits.
  const poison = `{"name": "poison", "docker": {"image": "i", "environment": {"N": 0.${"0".repeat(20_000)}1}}}`;
  const answers = await Promise.all(
    Array.from({ length: 100 }, async (_, n) =>
      system.fetch("/experiments", {
        method: "POST",
        body: n === 50 ? poison : JSON.stringify({ ...good, name: `n${n}` }),
      }),
    ),
  );
  const statuses = answers.map((answer) => answer.status);
  assert.equal(statuses.filter((status) => status === 200).length, 99);
  assert.equal(statuses[50], 400);
  const names = new Set<string>();
  for (const answer of answers.filter((a) => a.status === 200))
    names.add(((await answer.json()) as { name: string }).name);
  assert.equal(names.size, 99);
});

test("metadata and environment come back digit for digit, in the order they were sent", async () => {
  const body =
    '{"name":"exact","docker":{"image":"i","environment":{"Z":123456789012345678901,"A":1.50,"T":true,"S":"1"}},"metadata":{"z":12345678901234567890,"a":[1.0,1e3]}}';
  const created = await system.fetch("/experiments", { method: "POST", body });
  const text = await created.text();
  assert.ok(text.includes('"metadata" : {"z":12345678901234567890,"a":[1.0,1e3]}'), text);
  assert.ok(text.includes("123456789012345678901") && text.includes("1.50"), text);
});

test("Idempotency-Key creates once, also in a race; another body under it is refused", async () => {
  const init = {
    method: "POST",
    body: JSON.stringify({ ...good, name: "once" }),
    headers: { "Idempotency-Key": "k1" },
  };
  const answers = await Promise.all(Array.from({ length: 5 }, async () => send("/experiments", init)));
  assert.equal(new Set(answers.map((answer) => answer.body["id"])).size, 1);
  const other = { ...init, body: JSON.stringify({ ...good, name: "other" }) };
  refused(await send("/experiments", other), 422, "idempotency_mismatch");
});

test("PUT: absent, empty and null stay; what equals is ignored; docker and stale copies are refused", async () => {
  const { id } = await system.post(
    { command: "true", environment: { A: 1 } },
    { description: "d", metadata: { m: 1 } },
  );
  const change = async (body: object): Promise<Answer> =>
    send(`/experiments/${id}`, { method: "PUT", body: JSON.stringify(body) });
  const unchanged = await change({ name: "", description: null });
  assert.deepEqual([unchanged.body["name"], unchanged.body["description"]], ["test", "d"]);
  const renamed = await change({ name: "new", metadata: [2] });
  assert.deepEqual([renamed.body["name"], renamed.body["metadata"], renamed.body["description"]], ["new", [2], "d"]);
  const whole = await change(renamed.body);
  assert.deepEqual([whole.status, whole.body["updated_at"]], [200, renamed.body["updated_at"]]);
  refused(await change({ docker: { image: "other" } }), 400, "immutable");
  refused(await change({ ...renamed.body, id: "00000000-0000-4000-8000-000000000000" }), 400, "immutable");
  await change({ description: "newer" });
  refused(await change({ ...renamed.body, status: "CANCELLED" }), 409, "stale");
  refused(await change({ status: "RUNNING" }), 409, "conflict");
  refused(await change({ status: "LOST" }), 400, "validation");
  refused(await change({ statuss: "CANCELLED" }), 400, "validation");
});

test("the list is oldest first, whole or in pages, filtered", async () => {
  await using fresh = await System.start();
  const ids: string[] = [];
  for (let n = 0; n < 5; n += 1) ids.push((await fresh.post({}, { name: `n${n}` })).id);
  await fresh.put(ids[1] ?? "", { status: "CANCELLED" });
  const list = async (query = "") => {
    const response = await fresh.fetch(`/experiments${query}`);
    return {
      ids: ((await response.json()) as { id: string }[]).map((e) => e.id),
      cursor: response.headers.get("skeduler-cursor"),
    };
  };
  assert.deepEqual((await list()).ids, ids);
  const first = await list("?limit=2");
  assert.deepEqual(first.ids, ids.slice(0, 2));
  const second = await list(`?limit=2&cursor=${first.cursor ?? ""}`);
  assert.deepEqual(second.ids, ids.slice(2, 4));
  assert.deepEqual(await list(`?limit=2&cursor=${second.cursor ?? ""}`), { ids: ids.slice(4), cursor: null });
  assert.deepEqual((await list("?order=desc&limit=1")).ids, ids.slice(4));
  assert.deepEqual((await list("?status=CANCELLED")).ids, [ids[1]]);
  assert.deepEqual((await list("?name=n3")).ids, [ids[3]]);
  for (const length of [8, 9, 13, 20, 36])
    assert.deepEqual((await list(`?id_prefix=${ids[3]?.slice(0, length).toUpperCase()}`)).ids, [ids[3]]);
  assert.equal((await fresh.fetch("/experiments?id_prefix=x")).status, 400);
  assert.equal((await fresh.fetch("/experiments?id_prefix=123e-4567")).status, 400);
  const cancelled = await fresh.get(ids[1] ?? "");
  assert.deepEqual((await list(`?updated_since=${cancelled.updated_at}`)).ids, [ids[1]]);
});
