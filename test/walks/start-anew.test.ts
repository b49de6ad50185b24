// A runner that starts anew, for its database turned out to be an older one, where that does not go well. What a restore
// itself is like: test/up/restore.test.ts.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { System } from "../support/system.ts";

let system: System;
before(async () => {
  system = await System.start();
});
after(async () => system[Symbol.asyncDispose]());

/** As if the database had been restored: it knows less than the host does. */
const forget = (host: string): string => `update skeduler.heartbeats set beats = 0 where host = '${host}'`;

/** As if Postgres were restarted. */
const endSessions = `perform pg_terminate_backend(pid) from pg_stat_activity
  where datname = current_database() and application_name = 'skeduler runner'`;

/** Each start notes its queue twice: none yet, as it registers, and the new one, as its last step before the first heartbeat. */
async function atStart(host: string, step: "first" | "last", statements: string): Promise<void> {
  await system.query(`
    create function at_start_${host}() returns trigger language plpgsql as $$ begin ${statements}; return new; end $$;
    create trigger at_start_${host} before update of pool_id on skeduler.hosts for each row
      when (new.name = '${host}' and (new.pool_id is null) = ${step === "first"}) execute function at_start_${host}()`);
}

async function runsOn(host: string, script: string): Promise<string> {
  const { id } = await system.postScript(script, { resources: { gpus: 0, host } });
  const { result } = await system.ended(id);
  return `${result?.reason ?? ""} ${result?.exit_code ?? ""}`;
}

test("Postgres is restarted once more meanwhile: nothing is left of that try, whose fence would stop what runs later", async () => {
  await system.addRunner("twice", { SKEDULER_RUNNER_FENCE_AFTER: "10s" });
  await system.query("create sequence tries"); // keeps what is rolled back
  await atStart("twice", "last", `if nextval('tries') = 1 then ${endSessions}; end if`);
  await system.query(forget("twice"));
  const ran = await runsOn("twice", "trap 'exit 9' TERM; sleep 14 & wait; exit 4");
  const { rows } = await system.query("select last_value::int as tries from tries");
  assert.deepEqual([ran, rows], ["exited 4", [{ tries: 2 }]]);
});

test("the database is restored just as the runner starts for the first time", async () => {
  await atStart("first", "last", `if new.epoch = 1 then ${forget("first")}; end if`);
  await system.addRunner("first");
  assert.equal(await runsOn("first", "exit 4"), "exited 4");
});

test("asked to stop while it tries and tries, the runner stops", async () => {
  const runner = await system.addRunner("leaver");
  await system.query("create sequence tries_of_leaver");
  await atStart("leaver", "first", "perform nextval('tries_of_leaver'); raise exception 'not now'");
  await system.query(forget("leaver"));
  for (;;) {
    const { rows } = await system.query("select last_value >= 2 as so, pg_sleep(0.1) from tries_of_leaver");
    if (rows[0]?.["so"] === true) break;
  }
  await runner.close();
});
