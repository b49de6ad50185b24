// An answer that pg cannot read fails its statement, not the process; the next one finds a new connection.

import assert from "node:assert/strict";
import { once } from "node:events";
import { connect, createServer, type AddressInfo } from "node:net";
import { after, before, test } from "node:test";
import { createPool } from "../../runtime/database/pool.ts";
import { createLog } from "../../runtime/log.ts";
import { createTestDatabase, type TestDatabase } from "../support/database.ts";

let database: TestDatabase;
before(async () => {
  database = await createTestDatabase({ empty: true });
});
after(async () => database.drop());

/** A kind, a length, a count of fields, a field's length. */
const rowHead = 1 + 4 + 2 + 4;

/** Of a row that says "unreadable" the message's kind is another's: pg throws at it as it does at a text above V8's longest. */
function spoil(bytes: Buffer): Buffer {
  const at = bytes.indexOf("unreadable");
  if (at >= 0) bytes[at - rowHead] = "R".charCodeAt(0);
  return bytes;
}

test("what pg throws at an answer ends the connection and the statement, no more", async () => {
  const { hostname, port } = new URL(database.url);
  const proxy = createServer((client) => {
    const server = connect(Number(port), hostname);
    client.pipe(server);
    server.on("data", (bytes) => client.write(spoil(bytes)));
    client.on("close", () => server.destroy());
  }).listen(0, "127.0.0.1");
  await once(proxy, "listening");
  const url = new URL(database.url);
  url.host = `127.0.0.1:${(proxy.address() as AddressInfo).port}`;
  const pool = createPool({ url: url.href, max: 1, name: "unreadable", log: createLog("error") });
  try {
    await assert.rejects(pool.query("select repeat('unreadable', 1)"), /Unknown authenticationOk message type/);
    assert.equal((await pool.query("select 3 as n")).rows.length, 1);
  } finally {
    await pool.end();
    proxy.close();
  }
});
