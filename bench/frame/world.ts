// A database of its own with one API process on it, as most benches need it; gone with the bench.

import pg from "pg";
import { createTestDatabase } from "../../test/support/database.ts";
import { Skeduler } from "./process.ts";

export interface World extends AsyncDisposable {
  readonly database: string;
  readonly sql: pg.Client;
  readonly api: Skeduler;
}

export async function createWorld(env: Record<string, string> = {}): Promise<World> {
  await using cleanup = new AsyncDisposableStack();
  const database = await createTestDatabase();
  cleanup.defer(async () => database.drop());
  const sql = new pg.Client({ connectionString: database.url });
  await sql.connect();
  cleanup.defer(async () => sql.end());
  const api = cleanup.use(await Skeduler.start("api", database.url, { env }));
  const rest = cleanup.move();
  return { database: database.url, sql, api, [Symbol.asyncDispose]: async () => rest.disposeAsync() };
}
