// An Engine that goes away in the middle of its answer: whoever waits for it hears of that.

import assert from "node:assert/strict";
import { createServer } from "node:http";
import { createServer as createSilent, type AddressInfo, type Socket } from "node:net";
import { networkInterfaces } from "node:os";
import { test } from "node:test";
import {
  inspectContainer,
  removeContainer,
  startContainer,
  stopContainer,
  waitContainer,
} from "../../runtime/docker/containers.ts";
import { connectEngine, describeEngine, EngineUnreachable } from "../../runtime/docker/engine.ts";
import { UserError } from "../../runtime/errors.ts";

const noIPv6 = Object.values(networkInterfaces())
  .flat()
  .some((one) => one?.address === "::1")
  ? false
  : "no IPv6 here";
test("an Engine at an IPv6 address is waited for and followed", { skip: noIPv6 }, async () => {
  const server = createServer((request, response) =>
    response.end(request.url?.includes("/wait") ? '{"StatusCode":0}' : ""),
  );
  await new Promise<void>((done) => server.listen(0, "::1", done));
  try {
    const engine = connectEngine(`tcp://[::1]:${(server.address() as AddressInfo).port}`);
    await waitContainer(engine, "x", new AbortController().signal);
  } finally {
    server.close();
  }
});

test("an answer that breaks off fails, as an Engine that does not answer", async () => {
  // As dockerd answers a wait: the headers at once, the rest when the container ends, unless dockerd ends before.
  const server = createServer((_request, response) => {
    response.writeHead(200, { "Content-Type": "application/json" });
    response.flushHeaders();
    setImmediate(() => response.destroy());
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  try {
    const engine = connectEngine(`tcp://127.0.0.1:${(server.address() as AddressInfo).port}`);
    await assert.rejects(waitContainer(engine, "x", new AbortController().signal), EngineUnreachable);
  } finally {
    server.close();
  }
});

test("an Engine that never answers is as good as away, whatever was asked; a stop has its grace", async () => {
  const sockets = new Set<Socket>();
  const server = createSilent((socket) => sockets.add(socket));
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  try {
    const limits = { question: 50, change: 60 };
    const engine = connectEngine(`tcp://127.0.0.1:${(server.address() as AddressInfo).port}`, limits);
    await assert.rejects(inspectContainer(engine, "x"), EngineUnreachable);
    await assert.rejects(startContainer(engine, "x"), EngineUnreachable);
    await assert.rejects(removeContainer(engine, "x"), EngineUnreachable);
    const from = performance.now();
    await assert.rejects(stopContainer(engine, "x", 1), EngineUnreachable);
    assert.ok(performance.now() - from >= 1_000);
  } finally {
    for (const socket of sockets) socket.destroy();
    server.close();
  }
});

for (const address of [
  "127.0.0.1:2375",
  "tcp://:::",
  "tcp://",
  "ssh://ada@gpu-1",
  "fd://",
  "unix://docker.sock",
  "nonsense",
])
  test(`${address} is no address of an Engine`, () => {
    assert.throws(
      () => connectEngine(address),
      (error) =>
        error instanceof UserError && error.message.includes(`"${address}"`) && /DOCKER_HOST/.test(error.message),
    );
  });

test("a socket's bare path is an address", () => {
  assert.equal(connectEngine("/run/docker.sock").address, "unix:///run/docker.sock");
});

test("a name that nobody knows is an Engine that does not answer", async () => {
  await assert.rejects(
    describeEngine(connectEngine("tcp://nowhere.invalid:2375")),
    (error) => error instanceof EngineUnreachable && /does not answer \((ENOTFOUND|EAI_AGAIN)\)/.test(error.message),
  );
});

const strangers: readonly [what: string, status: number, body: string][] = [
  ["a page", 200, "<html>\n<p>Welcome\n</html>"],
  ["other JSON", 200, "{}"],
  ["a refusal", 404, "<html>\n<p>Not here\n</html>"],
];
for (const [what, status, body] of strangers)
  test(`a server that is no Docker and answers with ${what} is told as that`, async () => {
    const server = createServer((_request, response) => response.writeHead(status).end(body));
    await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
    const address = `tcp://127.0.0.1:${(server.address() as AddressInfo).port}`;
    try {
      await assert.rejects(
        describeEngine(connectEngine(address)),
        (error) =>
          error instanceof EngineUnreachable &&
          error.message.startsWith(`What answers at ${address} is no Docker Engine`) &&
          !error.message.includes("\n"),
      );
    } finally {
      server.close();
    }
  });
