// Placement's own connections: those who ask why something waits, however many, take none of them.

import assert from "node:assert/strict";
import { test } from "node:test";
import { createPool } from "../runtime/database/pool.ts";
import { createLog } from "../runtime/log.ts";
import { Placement } from "../runtime/placement.ts";
import { createTestDatabase } from "./support/database.ts";

test("why an experiment waits is answered while placement's connections are taken, and the reverse", async () => {
  const database = await createTestDatabase();
  const log = createLog("error");
  const [db, reads] = ["places", "reads"].map((name) => createPool({ url: database.url, max: 1, name, log }));
  assert.ok(db && reads);
  const placement = new Placement({
    db,
    reads,
    defaultExpected: 1,
    ageing: undefined,
    fairShare: undefined,
    quota: () => undefined,
  });
  try {
    const { rows } = await reads.query<{ id: string }>(
      "insert into jobs (name, description, docker_image, docker_command, docker_environment) values ('n', '', 'i', '', '{}') returning id",
    );
    const placing = await db.connect();
    assert.match((await placement.explain(rows[0]?.id ?? ""))?.message ?? "", /no host/i);
    placing.release();
    const reading = await reads.connect();
    await placement.run();
    reading.release();
  } finally {
    await Promise.all([db.end(), reads.end()]);
    await database.drop();
  }
});
