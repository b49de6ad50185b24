// The whole list, longer than one page of the server's: every experiment once and in order, for one client and for several.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { z } from "zod";
import { System } from "../support/system.ts";

let system: System;
before(async () => {
  system = await System.start();
  // Some 13 MB: more than what lies between server and client, so that two lists are on their way at the same time.
  await system.query(
    `insert into jobs (name, description, docker_image, docker_command, docker_environment, status)
       select 'listed ' || n, repeat('x', 10000), 'i', '', '{}', (case when n % 5 = 0 then 'CANCELLED' else 'FINISHED' end)::job_status
         from generate_series(1, 1300) n`,
  );
});
after(async () => system[Symbol.asyncDispose]());

/** As the table has them. */
async function stored(where: string, order: "asc" | "desc" = "asc"): Promise<unknown[]> {
  const { rows } = await system.query(`select id::text as id from jobs where ${where} order by seq ${order}`);
  return rows.map((row) => row["id"]);
}

const experiments = z.array(z.object({ id: z.string() }));

async function idsOf(response: Response): Promise<string[]> {
  assert.equal(response.status, 200);
  return experiments.parse(await response.json()).map(({ id }) => id);
}

const listed = async (query: string): Promise<string[]> => idsOf(await system.fetch(`/experiments${query}`));

test("all, oldest first and newest first", async () => {
  const all = await stored("true");
  assert.equal(all.length, 1300);
  assert.deepEqual(await listed(""), all);
  assert.deepEqual(await listed("?order=desc"), all.toReversed());
});

test("those of a status, more than a page of them, from both ends", async () => {
  const finished = await stored("status = 'FINISHED'");
  assert.equal(finished.length, 1040);
  assert.deepEqual(await listed("?status=FINISHED"), finished);
  assert.deepEqual(await listed("?status=FINISHED&order=desc"), finished.toReversed());
});

test("from a cursor on, without a limit", async () => {
  const page = await system.fetch("/experiments?limit=7");
  const cursor = page.headers.get("skeduler-cursor") ?? "";
  assert.deepEqual([...(await idsOf(page)), ...(await listed(`?cursor=${cursor}`))], await stored("true"));
});

test("two clients at once: both have begun before either is read", async () => {
  const all = await stored("true");
  const [oldest, newest] = [await system.fetch("/experiments"), await system.fetch("/experiments?order=desc")];
  assert.deepEqual(await Promise.all([idsOf(oldest), idsOf(newest)]), [all, all.toReversed()]);
});
