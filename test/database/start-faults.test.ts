// What an operator meets whose database does not let us, takes no writes, or does not answer: one sentence in Postgres' words, never
// a stack, and never a wait without an end.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import pg from "pg";
import { startApi } from "../../runtime/api.ts";
import { loadConfig } from "../../runtime/config/load.ts";
import { migrate } from "../../runtime/database/migrate.ts";
import { UserError } from "../../runtime/errors.ts";
import { createLog } from "../../runtime/log.ts";
import { startRunner } from "../../runtime/runner/start.ts";
import { asAdmin, createTestDatabase, urlOf, type TestDatabase } from "../support/database.ts";

const program = new URL("../../bin/skeduler.js", import.meta.url).pathname;
const role = `weak_${process.pid}`;
let empty: TestDatabase;
let full: TestDatabase;
before(async () => {
  empty = await createTestDatabase({ empty: true });
  full = await createTestDatabase();
  await asAdmin(async (client) => client.query(`create role ${role} login password 'pw'`));
});
after(async () => {
  await empty.drop();
  await full.drop();
  await asAdmin(async (client) => client.query(`drop role ${role}`));
});

function asWeak(url: string): string {
  const weak = new URL(url);
  [weak.username, weak.password] = [role, "pw"];
  return weak.href;
}

function readOnly(url: string): string {
  const one = new URL(url);
  one.searchParams.set("options", "-c default_transaction_read_only=on");
  return one.href;
}

const folder = mkdtempSync(join(tmpdir(), "skeduler-faults-"));
after(() => rmSync(folder, { recursive: true }));
const config = loadConfig({
  env: { SKEDULER_HTTP_LISTEN: "127.0.0.1:0", SKEDULER_TOKENS: "t", SKEDULER_DATA: folder },
});
const log = createLog("error");
const api = async (database: string): Promise<unknown> => startApi({ config, database, tokens: config.tokens, log });
const runner = async (database: string): Promise<unknown> => startRunner({ config, database, version: "test", log });

const faults: readonly [what: string, start: () => Promise<unknown>, sentence: RegExp][] = [
  [
    "migrate, without the right to create",
    async () => migrate(asWeak(empty.url)),
    /permission denied for database .*own/,
  ],
  [
    "migrate, a schema of another owner",
    async () => migrate(asWeak(full.url)),
    /permission denied for schema skeduler.*own/,
  ],
  ["migrate, read only", async () => migrate(readOnly(empty.url)), /takes no writes: .*read-only transaction.*primary/],
  ["migrate, no such certificate", async () => migrate(`${empty.url}?sslrootcert=/nope`), /cannot be used: .*\/nope/],
  ["api, a schema of another owner", async () => api(asWeak(full.url)), /permission denied for schema skeduler/],
  ["runner, a schema of another owner", async () => runner(asWeak(full.url)), /permission denied for schema skeduler/],
  ["runner, read only", async () => runner(readOnly(full.url)), /takes no writes: .*read-only transaction/],
];
for (const [what, start, sentence] of faults)
  test(what, async () => {
    await assert.rejects(start(), (error) => {
      assert.ok(error instanceof UserError, String(error));
      assert.match(error.message, sentence);
      assert.doesNotMatch(error.message, /pw/);
      return true;
    });
  });

test("migrate, whose partitions of today are missing and cannot be made", async () => {
  const other = new pg.Client({ connectionString: full.url });
  await other.connect();
  try {
    const { rows } = await other.query<{ name: string }>(
      "select 'skeduler.log_chunks_' || to_char(current_date, 'YYYYMMDD') as name",
    );
    await other.query(`drop table ${rows[0]?.name ?? ""}`);
    await other.query("begin; lock table skeduler.log_chunks in share update exclusive mode");
    await assert.rejects(migrate(full.url), /UserError: .* has a table that another program holds: .*lock timeout/);
    await assert.rejects(api(full.url), /UserError: .* has a table that another program holds/);
  } finally {
    await other.end();
  }
});

test("migrate gives up on an address that never answers", async () => {
  const silent = createServer(() => undefined).listen(0, "127.0.0.1");
  await once(silent, "listening");
  const { port } = silent.address() as { port: number };
  const url = new URL(urlOf("x"));
  url.host = `127.0.0.1:${port}`;
  await assert.rejects(migrate(url.href), /UserError: The database at 127\.0\.0\.1:\d+\/x cannot be used: timeout/);
  silent.close();
});

test("migrate that waits for another one ends with SIGTERM, and changes nothing", async () => {
  const other = new pg.Client({ connectionString: empty.url });
  await other.connect();
  try {
    await other.query("select pg_advisory_lock(8315168192217801074)");
    const child = spawn(process.execPath, [program, "migrate"], {
      env: { ...process.env, SKEDULER_DATABASE: empty.url },
      stdio: ["ignore", "pipe", "pipe"],
    });
    let said = "";
    child.stderr.on("data", (text: Buffer) => (said += text.toString()));
    for (;;) {
      const { rows } = await other.query(
        "select pg_sleep(0.05) from pg_locks where locktype = 'advisory' and not granted and database = (select oid from pg_database where datname = current_database())",
      );
      if (rows.length > 0) break;
    }
    child.kill("SIGTERM");
    const [code] = (await once(child, "close")) as [number | null];
    assert.deepEqual([code, said], [143, "skeduler: Stopped by SIGTERM: nothing was changed.\n"]);
    const { rows } = await other.query("select to_regnamespace('skeduler') as schema");
    assert.deepEqual(rows, [{ schema: null }]);
  } finally {
    await other.end();
  }
});
