// What a POST answers is written by an expression of its own: byte for byte what a read of the same row gives.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, test } from "node:test";
import { createLog } from "../../runtime/log.ts";
import { createPool } from "../../runtime/database/pool.ts";
import { createExperiments, type NewRow } from "../../runtime/database/statements/create-experiments.ts";
import { createGroup } from "../../runtime/database/statements/groups.ts";
import { readExperiments } from "../../runtime/database/statements/read-experiments.ts";
import { createTestDatabase } from "../support/database.ts";

const database = await createTestDatabase();
const db = createPool({ url: database.url, max: 1, name: "test", log: createLog("error") });
after(async () => {
  await db.end();
  await database.drop();
});

const plain = (name: string): NewRow => ({
  id: randomUUID(),
  body: JSON.stringify({ name, docker: { image: "busybox" } }),
  owner: "ada",
  retries: null,
  after: [],
});

async function read(ids: readonly string[]): Promise<string[]> {
  const found = await readExperiments(db, ids);
  return ids.map((id) => found.get(id) ?? "");
}

test("a new experiment is answered as it is read, whatever it has", async () => {
  const first = plain("first");
  const rich: NewRow = {
    ...plain("rich"),
    body: `{"name": " a \\"name\\" ", "description": "ü\\n", "metadata": {"b": 1.50, "a": 12345678901234567890},
      "docker": {"image": "busybox", "command": "true", "environment": {"A": "1", "N": 1}, "workdir": "/x", "volumes": ["/a:/b"]},
      "resources": {"gpus": 0, "memory": "1GiB"}, "priority": -3, "time_limit": "1h", "time_limit_warning": "5m", "notify": ["all"]}`,
    retries: { count: 2, on: ["exited"], backoff: "10s" },
    after: [first.id],
  };
  const rows = [first, rich, plain("last")]; // columns that one of them has, and columns that none has
  const answered = await createExperiments(db, rows);
  assert.deepEqual(answered, await read(rows.map(({ id }) => id)));
  assert.deepEqual((JSON.parse(answered[1] ?? "") as { after: string[] }).after, [first.id]);
  assert.deepEqual((JSON.parse(answered[2] ?? "") as { after: string[] }).after, []);
});

test("so are a sweep's members", async () => {
  const group = randomUUID();
  await createGroup(db, { id: group, name: "sweep", matrix: '{"LR": [1, 2]}', owner: "ada" });
  const shared = plain("sweep");
  const rows = ["1", "2"].map((value): NewRow => {
    const member = {
      name: `sweep ${value}`,
      command: "true",
      environment: `{"LR": ${value}}`,
      combination: `{"LR": ${value}}`,
    };
    return { ...shared, id: randomUUID(), sweep: { group, member } };
  });
  const answered = await createExperiments(db, rows);
  assert.deepEqual(answered, await read(rows.map(({ id }) => id)));
  assert.deepEqual(
    answered.map((text) => (JSON.parse(text) as { name: string }).name),
    ["sweep 1", "sweep 2"],
  );
});

test("an owner's name is kept whatever stands in it", async () => {
  const owners = ['a "quoted" one', "back\\slash", "{curly, comma}", "new\nline", "NULL", " spaced ", "", "über"];
  const rows = owners.map((owner) => ({ ...plain("owned"), owner }));
  const answered = await createExperiments(db, rows);
  assert.deepEqual(
    answered.map((text) => (JSON.parse(text) as { owner: string }).owner),
    owners,
  );
});
