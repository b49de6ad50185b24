// A database of its own for each test file: a clone of a template that is migrated once per run. Needs the server that
// test/run.ts started (SKEDULER_TEST_DATABASE).

import { randomBytes } from "node:crypto";
import pg from "pg";
import { migrate } from "../../runtime/database/migrate.ts";
import { noteInstallation } from "./installations.ts";

const template = "test_template";
/** An arbitrary constant: the lock under which test files agree on the template. */
const templateLock = 7_230_001;

export interface TestDatabase {
  readonly url: string;
  drop(): Promise<void>;
}

export function adminUrl(): string {
  const url = process.env["SKEDULER_TEST_DATABASE"];
  if (url === undefined)
    throw new Error("no test database: run the tests with `npm test` (npm test test/walks for some of them)");
  return url;
}

/** The address of another database on the same server. */
export function urlOf(name: string): string {
  const url = new URL(adminUrl());
  url.pathname = `/${name}`;
  return url.href;
}

export async function asAdmin<T>(work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: adminUrl() });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

/** A migrated database (or, with `empty`, one without anything). */
export async function createTestDatabase(options: { readonly empty?: boolean } = {}): Promise<TestDatabase> {
  const name = `test_${randomBytes(6).toString("hex")}`;
  await asAdmin(async (client) => {
    if (options.empty === true) {
      await client.query(`create database ${name}`);
      return;
    }
    await client.query("select pg_advisory_lock($1)", [templateLock]);
    const { rowCount } = await client.query("select from pg_database where datname = $1", [template]);
    if (rowCount === 0) {
      await client.query(`create database ${template}`);
      await migrate(urlOf(template));
    }
    await client.query(`create database ${name} template ${template}`);
    // Each clone is an installation of its own.
    const clone = new pg.Client({ connectionString: urlOf(name) });
    await clone.connect();
    const { rows } = await clone.query<{ id: string }>(
      "update skeduler.installation set id = gen_random_uuid() returning id::text as id",
    );
    await clone.end();
    for (const { id } of rows) noteInstallation(id);
  });
  return {
    url: urlOf(name),
    drop: async () =>
      asAdmin(async (client) => {
        await client.query(`drop database ${name} with (force)`);
      }),
  };
}
