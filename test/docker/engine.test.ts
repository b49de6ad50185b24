// An Engine that goes away in the middle of its answer: whoever waits for it hears of that.

import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import { waitContainer } from "../../runtime/docker/containers.ts";
import { connectEngine, EngineUnreachable } from "../../runtime/docker/engine.ts";

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
