// A database made by the documented statements alone is adopted, every row kept; racing migrators agree; newer is refused.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import pg from "pg";
import { knownMigrations, migrate } from "../../runtime/database/migrate.ts";
import { Home } from "../support/cli.ts";
import { asAdmin, createTestDatabase, type TestDatabase } from "../support/database.ts";
import { documented } from "../support/documented.ts";

async function inside<T>(database: TestDatabase, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: database.url });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

test("a documented database is adopted with every row kept; what said RUNNING is CANCELLED with a reason", async () => {
  const database = await createTestDatabase({ empty: true });
  try {
    await inside(database, async (client) => client.query(documented));
    const asked: number[] = [];
    await assert.rejects(
      migrate(database.url, { confirmAdoption: async (waiting) => Promise.resolve(asked.push(waiting) === 0) }),
      /not adopted/,
    );
    assert.deepEqual(asked, [2]);
    const { applied } = await migrate(database.url, { confirmAdoption: async () => Promise.resolve(true) });
    assert.equal(applied.length, (await knownMigrations()).length);
    const rows = await inside(database, async (client) =>
      client.query<{ name: string; status: string; reason: string | null; metadata: string }>(
        "select name, status::text as status, result ->> 'reason' as reason, metadata::text as metadata from jobs order by seq",
      ),
    );
    assert.deepEqual(
      rows.rows.map(({ name, status, reason }) => `${name} ${status} ${reason ?? ""}`.trim()),
      [
        "n8 ENQUEUED",
        "n7 CANCELLED",
        "n6 FINISHED",
        "n5 CANCELLED adopted",
        "n4 ENQUEUED",
        "n3 CANCELLED",
        "n2 FINISHED",
        "n1 CANCELLED adopted",
      ],
    );
    assert.equal(rows.rows[0]?.metadata, '{"b":1,  "a":2}');
  } finally {
    await database.drop();
  }
});

test("asked on a terminal whether to adopt, Ctrl-C ends it without a word and Ctrl-D means no", async () => {
  const database = await createTestDatabase({ empty: true });
  using home = new Home();
  try {
    await inside(database, async (client) => client.query(documented));
    for (const [key, code, said] of [
      ["\x03", 130, /Adopt it\? \[Y\/n\] \S*\s+$/],
      ["\x04", 1, /\r\nskeduler: Nothing was changed: the existing experiments were not adopted\.\r\n$/],
    ] as const) {
      const talk = home.terminal(["migrate"], { env: { SKEDULER_DATABASE: database.url } });
      await talk.says(/Adopt it\? \[Y\/n\] /);
      talk.type(key);
      assert.equal(await talk.ended, code, talk.out);
      assert.match(talk.out, said);
    }
  } finally {
    await database.drop();
  }
});

test("a table of another role is refused with the statement to run, then adopted", async () => {
  const database = await createTestDatabase({ empty: true });
  const name = new URL(database.url).pathname.slice(1);
  const [owner, user] = [`${name}_owner`, `${name}_user`];
  try {
    await asAdmin(async (client) => {
      await client.query(`create role ${owner}`);
      await client.query(`create role ${user} login password 'pw'`);
      await client.query(`grant create on database ${name} to ${user}`);
    });
    await inside(database, async (client) => {
      await client.query(documented);
      await client.query(
        `alter table jobs owner to ${owner}; alter type job_status owner to ${owner}; grant usage, create on schema public to ${user}, ${owner}`,
      );
    });
    const url = new URL(database.url);
    url.username = user;
    url.password = "pw";
    const accept = { confirmAdoption: async (): Promise<boolean> => Promise.resolve(true) };
    await assert.rejects(migrate(url.href, accept), new RegExp(`grant ${owner} to ${user};`));
    await asAdmin(async (client) => client.query(`grant ${owner} to ${user}`));
    await migrate(url.href, accept);
    const { rows } = await inside(database, async (client) => client.query("select count(*)::int as kept from jobs"));
    assert.deepEqual(rows, [{ kept: 8 }]);
  } finally {
    await database.drop();
    await asAdmin(async (client) => client.query(`drop role ${user}; drop role ${owner}`));
  }
});

test("racing migrators agree", async () => {
  const database = await createTestDatabase({ empty: true });
  try {
    const reports = await Promise.all(Array.from({ length: 4 }, async () => migrate(database.url)));
    const lengths = reports.map((report) => report.applied.length).sort((a, b) => a - b);
    assert.deepEqual(lengths, [0, 0, 0, (await knownMigrations()).length]);
  } finally {
    await database.drop();
  }
});

test("a newer schema is refused and says so", async () => {
  const database = await createTestDatabase();
  try {
    await inside(database, async (client) =>
      client.query("insert into skeduler.migrations (number, name) values (9999, 'later')"),
    );
    await assert.rejects(
      migrate(database.url),
      /schema version 9999, this skeduler knows versions up to \d+: use a newer skeduler/,
    );
  } finally {
    await database.drop();
  }
});

test("a new database has the documented table, type and index as they are", async () => {
  const first = readFileSync(new URL("../../migrations/0001-jobs.sql", import.meta.url), "utf8");
  const [made, wanted] = [await createTestDatabase({ empty: true }), await createTestDatabase({ empty: true })];
  const describe = async (client: pg.Client): Promise<unknown> => {
    const columns = await client.query(
      "select column_name, data_type, udt_name, is_nullable, column_default from information_schema.columns where table_name = 'jobs' order by ordinal_position",
    );
    const indexes = await client.query(
      "select indexname, indexdef from pg_indexes where tablename = 'jobs' order by 1",
    );
    const labels = await client.query("select enum_range(null::job_status)::text as labels");
    return [columns.rows, indexes.rows, labels.rows];
  };
  try {
    await inside(made, async (client) => client.query(first));
    await inside(wanted, async (client) => client.query(documented));
    assert.deepEqual(await inside(made, describe), await inside(wanted, describe));
  } finally {
    await made.drop();
    await wanted.drop();
  }
});
