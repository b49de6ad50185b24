// Rows of an adopted database that today's rules would refuse: they are somebody's results, and are shown one by one and in the
// list as they are.

import assert from "node:assert/strict";
import { test } from "node:test";
import pg from "pg";
import { startApi } from "../../runtime/api.ts";
import { loadConfig } from "../../runtime/config/load.ts";
import { migrate } from "../../runtime/database/migrate.ts";
import { createLog } from "../../runtime/log.ts";
import { createTestDatabase } from "../support/database.ts";
import { documented } from "../support/documented.ts";
import { token, type Experiment } from "../support/system.ts";

type Row = Pick<Experiment, "name" | "description" | "docker" | "metadata">;

const usual: Row = {
  name: "usual",
  description: "",
  docker: { image: "i", command: "c", environment: { A: 1 } },
  metadata: null,
};
/** Each refused by POST. */
const refused: readonly Row[] = [
  { ...usual, name: "" },
  { ...usual, docker: { ...usual.docker, command: "sh -c 'never closed" } },
  { ...usual, docker: { ...usual.docker, image: "" } },
  { ...usual, docker: { ...usual.docker, environment: { "=": { secret: 7 }, B: [null, { deep: [] }] } } },
  { ...usual, docker: { ...usual.docker, environment: [1, "two"] as unknown as Record<string, unknown> } },
  { ...usual, docker: { ...usual.docker, environment: "text" as unknown as Record<string, unknown> } },
  { ...usual, docker: { ...usual.docker, environment: null as unknown as Record<string, unknown> } },
];

const picked = ({ name, description, docker: { image, command, environment }, metadata }: Row): Row => ({
  name,
  description,
  docker: { image, command, environment },
  metadata,
});

test("what POST would refuse is shown as it is, by id and in the list", async () => {
  await using cleanup = new AsyncDisposableStack();
  const database = await createTestDatabase({ empty: true });
  cleanup.defer(async () => database.drop());
  const client = new pg.Client({ connectionString: database.url });
  await client.connect();
  cleanup.defer(async () => client.end());
  await client.query(documented);
  for (const [n, { name, description, docker, metadata }] of refused.entries())
    await client.query(
      `insert into jobs (id, name, description, docker_image, docker_command, docker_environment, metadata, status, created_at, updated_at)
         values ($1, $2, $3, $4, $5, $6, $7, 'FINISHED', 'infinity', '-infinity')`,
      [
        `00000000-0000-4000-8000-${String(n).padStart(12, "0")}`,
        name,
        description,
        docker.image,
        docker.command,
        JSON.stringify(docker.environment),
        metadata,
      ],
    );
  await migrate(database.url);
  const config = loadConfig({
    env: { SKEDULER_DATABASE: database.url, SKEDULER_TOKENS: token, SKEDULER_HTTP_LISTEN: "127.0.0.1:0" },
  });
  const api = await startApi({ config, database: database.url, tokens: config.tokens, log: createLog("error") });
  cleanup.defer(async () => api.close());
  const get = async (path: string): Promise<unknown> => {
    const response = await fetch(api.url + path, { headers: { Authorization: token } });
    assert.equal(response.status, 200, path);
    return response.json();
  };
  for (const row of refused) {
    const body = JSON.stringify(picked(row));
    const posted = await fetch(`${api.url}/experiments`, { method: "POST", headers: { Authorization: token }, body });
    assert.equal(posted.status, 400, body);
  }
  const list = (await get("/experiments")) as Experiment[];
  assert.deepEqual(
    list.slice(-refused.length).map((one) => picked(one)),
    refused,
  );
  assert.equal(list.length, 8 + refused.length);
  for (const one of list) assert.deepEqual(await get(`/experiments/${one.id}`), one);
});
