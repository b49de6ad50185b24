// A name that is longer than what an index takes: its database is adopted, and one that has the older indexes gets the new ones.
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { after, test } from "node:test";
import pg from "pg";
import { migrate } from "../../runtime/database/migrate.ts";
import { createTestDatabase } from "../support/database.ts";

const database = await createTestDatabase({ empty: true });
const client = new pg.Client({ connectionString: database.url });
await client.connect();
after(async () => {
  await client.end();
  await database.drop();
});

async function insert(): Promise<void> {
  await client.query(
    "insert into public.jobs (name, description, docker_image, docker_command, docker_environment, status) values ($1, '', 'i', '', '{}', 'FINISHED')",
    [randomBytes(20_000).toString("hex")],
  );
}

test("such a database is adopted", async () => {
  await client.query(readFileSync(new URL("../../migrations/0001-jobs.sql", import.meta.url), "utf8"));
  await insert();
  await migrate(database.url);
});

test("older indexes are made anew", async () => {
  await client.query(`drop index public.jobs_name_index, public.jobs_finished_index; truncate public.jobs cascade;
    create index jobs_name_index on public.jobs (name, seq);
    create index jobs_finished_index on public.jobs (name, ended_at) where status = 'FINISHED';
    delete from skeduler.migrations where number = 20`);
  await assert.rejects(insert(), /index row /);
  await migrate(database.url);
  await insert();
});
