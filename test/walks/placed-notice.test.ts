// A runner is told with the commit that something was placed on its host: neither the queue job nor a look of its timer is waited for.

import assert from "node:assert/strict";
import { after, before, mock, test } from "node:test";
import { System } from "../support/system.ts";

let system: System;
before(async () => {
  system = await System.start();
  await system.query(`
    create function later() returns trigger language plpgsql as $$ begin new.run_at := now() + interval '1 hour'; return new; end $$;
    create trigger later before insert on graphile_worker._private_jobs for each row
      when (new.key like 'start-experiment/%') execute function later()`);
  mock.timers.enable({ apis: ["setInterval"] }); // of the runner: its own look never comes
  await system.addRunner("told");
});
after(async () => {
  mock.timers.reset();
  await system[Symbol.asyncDispose]();
});

test("an experiment starts although its queue job does not come and no timer looks", async () => {
  const { id } = await system.post({ command: "echo hello" }, { resources: { gpus: 0 } });
  assert.equal((await system.ended(id)).status, "FINISHED");
  const { rows } = await system.query("select key from graphile_worker.jobs where key like 'start-experiment/%'");
  assert.equal(rows.length, 1);
});
