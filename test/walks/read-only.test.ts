// A failover that leads to a Postgres which takes no writes: 503 until it does, from every change and from /readyz.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { System } from "../support/system.ts";

let system: System;
before(async () => {
  system = await System.start();
});
after(async () => system[Symbol.asyncDispose]());

async function failOver(readOnly: "on" | "off"): Promise<void> {
  const name = new URL(system.database).pathname.slice(1);
  await system.query(`alter database ${name} set default_transaction_read_only = ${readOnly}`);
  await system.query(
    "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and application_name like 'skeduler%' and pid <> pg_backend_pid()",
  );
}

async function statuses(): Promise<number[]> {
  const body = JSON.stringify({ name: "n", docker: { image: "i" } });
  const answers = [
    await system.fetch("/experiments", { method: "POST", body }),
    await system.fetch("/readyz"),
    await system.fetch("/experiments"),
  ];
  return answers.map(({ status }) => status);
}

test("what reads is answered, what writes is told to come again, and /readyz says so", async () => {
  assert.deepEqual(await statuses(), [200, 200, 200]);
  await failOver("on");
  await system.fetch("/experiments"); // may meet a connection that has just ended
  assert.deepEqual(await statuses(), [503, 503, 200]);
  assert.match(await (await system.fetch("/readyz")).text(), /takes no writes/);
  await failOver("off");
  await system.fetch("/experiments");
  assert.deepEqual(await statuses(), [200, 200, 200]);
});
