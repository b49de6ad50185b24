// The real socket: header size, chunked bodies, what is not HTTP, a taken port, and an end that lets requests finish.
import assert from "node:assert/strict";
import { once } from "node:events";
import { connect } from "node:net";
import { afterEach, test } from "node:test";
import { setImmediate as immediately } from "node:timers/promises";
import { UserError } from "../../runtime/errors.ts";
import { type Listening, serve } from "../../runtime/http/listen.ts";
import { authorized, id, makeApp } from "./app.ts";

const open: Listening[] = [];
afterEach(async () => Promise.all(open.splice(0).map(async (server) => server.close("the test is over"))));

async function start(made = makeApp()): Promise<Listening> {
  const server = await serve(made.app, made.config, {
    onUpgrade: (_request, socket) => socket.destroy(),
    log: made.log,
  });
  open.push(server);
  return server;
}

/** What comes back for bytes sent as they are, until the server closes. */
async function send(
  port: number,
  ...parts: (string | Buffer)[]
): Promise<{ status: number; body: Record<string, unknown>; head: string }> {
  const socket = connect(port, "127.0.0.1");
  const chunks: Buffer[] = [];
  socket.on("data", (chunk: Buffer) => chunks.push(chunk));
  socket.on("error", () => undefined);
  for (const part of parts) socket.write(part);
  await once(socket, "close");
  const [head = "", body = ""] = Buffer.concat(chunks).toString("latin1").split("\r\n\r\n");
  const text = /transfer-encoding: chunked/i.test(head) ? (body.split("\r\n")[1] ?? "") : body;
  return { status: Number(head.split(" ")[1]), body: JSON.parse(text || "{}") as Record<string, unknown>, head };
}

const get = (path: string, more = "") => `GET ${path} HTTP/1.1\r\nHost: localhost\r\n${more}Connection: close\r\n\r\n`;

test("headers of 2 MB get 431 in JSON, and the next request is served", async () => {
  const { port, url } = await start();
  const answer = await send(
    port,
    `GET /healthz HTTP/1.1\r\nHost: localhost\r\nX-Big: ${"x".repeat(2 * 1024 ** 2)}\r\n\r\n`,
  );
  assert.deepEqual([answer.status, answer.body["code"]], [431, "headers_too_large"]);
  assert.equal((await fetch(`${url}/healthz`)).status, 200);
});

test("what is not HTTP gets 400 in JSON", async () => {
  const { port } = await start();
  for (const bytes of [
    "hello\r\n\r\n",
    "GET / HTTP/1.1\r\nHost: a\r\nBad Header: x\r\n\r\n",
    "GET /experiments HTTP/1.1\r\nConnection: close\r\n\r\n",
    "GET /a\\b HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
    get("*"),
  ]) {
    const answer = await send(port, bytes);
    assert.deepEqual([answer.status, answer.body["code"]], [400, "bad_request"], bytes);
    assert.match(answer.head, /^X-Request-Id: \S+\r?$/im, bytes);
  }
});

test("every answer shows its id once: the one that was sent, or a new one", async () => {
  const { port } = await start();
  const known = `Authorization: ${authorized.Authorization}\r\n`;
  for (const [path, headers, status] of [
    ["/experiments", known, 200],
    ["/experiments/none", known, 400],
    ["/experiments", "", 401],
    ["/nothing", known, 404],
  ] as const) {
    const shown = async (more: string): Promise<string[]> => {
      const answer = await send(port, get(path, headers + more));
      assert.equal(answer.status, status);
      return [...answer.head.matchAll(/^X-Request-Id: (\S+)\r?$/gim)].map(([, value = ""]) => value);
    };
    assert.deepEqual(await shown("X-Request-Id: mine\r\n"), ["mine"]);
    const [made = "", ...others] = await shown("");
    assert.match(made, /^[\w-]{36}$/);
    assert.deepEqual(others, []);
  }
});

test("a body that is too large gets 413, with a length and in chunks", async () => {
  const { url } = await start();
  const whole = await fetch(`${url}/experiments`, { method: "POST", headers: authorized, body: "x".repeat(1001) });
  assert.equal(whole.status, 413);
  const endless = new ReadableStream({ pull: (to) => to.enqueue(new Uint8Array(600)) });
  const chunked = await fetch(`${url}/experiments`, {
    method: "POST",
    headers: authorized,
    body: endless,
    duplex: "half",
  });
  assert.deepEqual([chunked.status, ((await chunked.json()) as { code: string }).code], [413, "payload_too_large"]);
  const fine = await fetch(`${url}/experiments`, {
    method: "POST",
    headers: authorized,
    body: new Blob(["[1,", "2]"]).stream(),
    duplex: "half",
  });
  assert.deepEqual(((await fine.json()) as { value: unknown }).value, [1, 2]);
});

test("a client that leaves in the middle of its body harms nobody, and its request is over", async () => {
  const made = makeApp();
  const { port, url } = await start(made);
  const socket = connect(port, "127.0.0.1");
  const head = "POST /experiments HTTP/1.1\r\nHost: localhost\r\nAuthorization: sesame\r\nContent-Length: 100\r\n\r\n";
  await new Promise((resolve) => socket.write(`${head}[1,`, resolve));
  socket.destroy();
  const over = (line: string): boolean => line.includes('"path":"/experiments"') && line.includes('"status":400');
  while (!made.logged.some(over)) await immediately();
  assert.ok(!made.logged.some((line) => line.includes('"level":50')));
  assert.equal((await fetch(`${url}/healthz`)).status, 200);
});

test("a request that never arrives gets 408; a response that streams longer is not cut", async () => {
  const later = async () => new Promise<void>((resolve) => setTimeout(resolve, 150));
  let left = 6;
  const stream = () =>
    new ReadableStream({
      pull: async (to) => {
        await later();
        if (left-- > 0) to.enqueue(Buffer.from("line\n"));
        else to.close();
      },
    });
  const { port, url } = await start(
    makeApp({
      env: { SKEDULER_HTTP_READ_TIMEOUT: "200ms", SKEDULER_HTTP_IDLE_TIMEOUT: "200ms" },
      functions: { tailLogs: () => new Response(stream()) },
    }),
  );
  const tail = fetch(`${url}/logs/${id}/tail`, { headers: authorized });
  const slow = await send(port, "GET /healthz HTTP/1.1\r\nHost:");
  assert.deepEqual([slow.status, slow.body["code"]], [408, "request_timeout"]);
  assert.equal(await (await tail).text(), "line\n".repeat(6));
});

test("a taken port ends with a sentence that names it", async () => {
  const { port } = await start();
  const again = makeApp({ env: { SKEDULER_HTTP_LISTEN: `127.0.0.1:${port}` } });
  await assert.rejects(
    start(again),
    (error) => error instanceof UserError && error.message.includes(`port ${port} is taken`),
  );
});

test("close: the request in flight ends, new ones are refused, kept connections do not hold it", async () => {
  const entered = Promise.withResolvers<undefined>();
  const release = Promise.withResolvers<undefined>();
  const made = makeApp({
    functions: {
      listExperiments: async (c) => {
        entered.resolve(undefined);
        await release.promise;
        return c.json([]);
      },
    },
  });
  const server = await start(made);
  await (await fetch(`${server.url}/healthz`)).text(); // leaves a kept connection behind
  const inFlight = fetch(`${server.url}/experiments`, { headers: authorized });
  await entered.promise;
  const closed = open.splice(0)[0]?.close("a test");
  await assert.rejects(fetch(`${server.url}/healthz`));
  release.resolve(undefined);
  assert.equal((await inFlight).status, 200);
  await closed;
});

test("close: a connection that was opened ahead of need does not hold it", { timeout: 15_000 }, async () => {
  const { port, url } = await start(makeApp({ env: { SKEDULER_HTTP_READ_TIMEOUT: "0s" } }));
  const unused = connect(port, "127.0.0.1").on("error", () => undefined);
  await once(unused, "connect");
  assert.equal((await fetch(`${url}/healthz`)).status, 200); // the server has the one before it, too
  await open.splice(0)[0]?.close("a test");
  unused.destroy();
});
