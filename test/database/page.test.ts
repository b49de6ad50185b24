import assert from "node:assert/strict";
import { test } from "node:test";
import { newestPage, pageBytes } from "../../runtime/database/page.ts";
import { createPool } from "../../runtime/database/pool.ts";
import { createLog } from "../../runtime/log.ts";
import { createTestDatabase } from "../support/database.ts";

test("a page is as long as was asked for, or as its bytes allow, and says whether more may follow", async () => {
  const database = await createTestDatabase({ empty: true });
  const db = createPool({ url: database.url, max: 1, name: "test", log: createLog("error") });
  const pageOf = async (limit: number, bytes: number): Promise<[number, string | undefined]> => {
    const rows = "select seq, repeat('x', $2) as body from generate_series(5, 1, -1) seq limit $1";
    const { bodies, last } = await newestPage(db, { rows, limit, values: [limit, bytes] });
    assert.ok(bodies.every((body) => body.length === bytes));
    return [bodies.length, last];
  };
  try {
    assert.deepEqual(await pageOf(10, 1), [5, undefined]);
    assert.deepEqual(await pageOf(5, 1), [5, "1"]);
    assert.deepEqual(await pageOf(2, 1), [2, "4"]);
    assert.deepEqual(await pageOf(10, pageBytes / 2), [2, "4"]);
    assert.deepEqual(await pageOf(10, pageBytes * 2), [1, "5"]);
    assert.deepEqual(await pageOf(1, 0), [1, "5"]);
    const none = await newestPage(db, { rows: "select 1 as seq, '' as body where false", limit: 1, values: [] });
    assert.deepEqual(none, { bodies: [], last: undefined });
  } finally {
    await db.end();
    await database.drop();
  }
});
