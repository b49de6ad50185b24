// The job queue comes back by itself: graphile-worker ends for good where it cannot report a job's end.

import assert from "node:assert/strict";
import { test } from "node:test";
import { pino } from "pino";
import { createPool } from "../../runtime/database/pool.ts";
import { forgiveSecondRelease, startQueue } from "../../runtime/database/queue.ts";
import { beatQueueWorker, unlockJobs } from "../../runtime/database/statements/queue-workers.ts";
import { createTestDatabase } from "../support/database.ts";

/** A pool of two connections for a queue, the last of which a job may keep: that job's end cannot be reported. */
async function starving() {
  const database = await createTestDatabase();
  const said: string[] = [];
  const log = pino({ level: "warn" }, { write: (line: string) => said.push(line) });
  const pool = createPool({ url: database.url, max: 2, name: "queue test", log, patience: 100 });
  const admin = createPool({ url: database.url, max: 2, name: "queue test admin", log });
  return {
    log,
    pool,
    admin,
    /** Keeps it until this resolves. */
    starve: async (over: Promise<unknown>): Promise<void> => {
      const client = await pool.connect();
      over.then(() => client.release()).catch(() => undefined);
    },
    /** Jobs whose ends could not be reported. */
    unreported: (): number => said.filter((line) => line.includes("Failed to complete jobs")).length,
    /** The queue has ended by that, and is about to be started again. */
    restarting: async (): Promise<void> => {
      while (!said.some((line) => line.includes("starting it again"))) await new Promise(setImmediate);
    },
    [Symbol.asyncDispose]: async (): Promise<void> => {
      await Promise.all([pool.end(), admin.end()]);
      await database.drop();
    },
  };
}

test("a queue that found no connection in time is started again and does what waits", async () => {
  await using world = await starving();
  const { log, pool, admin } = world;
  const first = Promise.withResolvers<undefined>();
  const second = Promise.withResolvers<undefined>();
  let runs = 0;
  const queue = await startQueue({
    pool,
    log,
    concurrency: 1,
    tasks: {
      "try-me": async () => {
        runs += 1;
        if (runs > 1) {
          second.resolve(undefined);
          return;
        }
        await world.starve(first.promise);
      },
    },
  });
  const { poolId } = queue;
  try {
    await admin.query("select graphile_worker.add_job('try-me')");
    await world.restarting();
    first.resolve(undefined);
    await second.promise;
    assert.equal(runs, 2);
    assert.notEqual(queue.poolId, poolId);
  } finally {
    await queue.stop();
  }
});

test("a queue that is stopped while it is started again stops", async () => {
  await using world = await starving();
  const { log, pool, admin } = world;
  const lent = Promise.withResolvers<undefined>();
  const tasks = { "hold-it": async () => world.starve(lent.promise) };
  const queue = await startQueue({ pool, log, concurrency: 1, tasks });
  await admin.query("select graphile_worker.add_job('hold-it')");
  await world.restarting();
  const lock = await admin.connect();
  await lock.query("begin; lock graphile_worker._private_jobs");
  lent.resolve(undefined);
  const held = "select from pg_stat_activity where application_name = 'queue test' and wait_event_type = 'Lock'";
  while ((await admin.query(held)).rowCount === 0);
  const stopping = queue.stop();
  await lock.query("rollback");
  lock.release();
  await stopping;
});

test("a queue of which the ends of several jobs could not be reported is started again, and stops", async () => {
  await using world = await starving();
  const { log, pool, admin } = world;
  const gates = [1, 2, 3, 4].map(() => Promise.withResolvers<undefined>());
  const again = new Set<unknown>();
  let begun = 0;
  const queue = await startQueue({
    pool,
    log,
    concurrency: gates.length,
    tasks: {
      "hold-it": async (payload) => {
        const gate = gates[begun++];
        if (gate === undefined) again.add(payload);
        else await gate.promise;
      },
    },
  });
  try {
    await admin.query(`
      create function refuse() returns trigger language plpgsql as $$ begin raise exception 'refused'; end $$;
      create trigger refuse before delete on graphile_worker._private_jobs for each row execute function refuse();
      select graphile_worker.add_job('hold-it', json_build_object('job', n)) from generate_series(1, ${gates.length}) as n`);
    while (begun < gates.length) await new Promise(setImmediate);
    for (const [told, gate] of gates.entries()) {
      gate.resolve(undefined);
      while (world.unreported() <= told) await new Promise(setImmediate);
    }
    await world.restarting();
    await admin.query("drop trigger refuse on graphile_worker._private_jobs");
    while (again.size < gates.length) await new Promise(setImmediate);
  } finally {
    await queue.stop();
  }
});

test("a connection that is given back twice, as graphile-worker may do, is given back", async () => {
  const database = await createTestDatabase();
  const pool = createPool({ url: database.url, max: 1, name: "queue test", log: pino({ level: "silent" }) });
  forgiveSecondRelease(pool);
  await new Promise<void>((resolve, reject) => {
    pool.connect((error, _, release) => {
      try {
        release();
        release();
        resolve();
      } catch (fault) {
        reject(error ?? (fault as Error));
      }
    });
  });
  assert.equal((await pool.query("select 1")).rowCount, 1);
  await pool.end();
  await database.drop();
});

test("a connection that breaks is told, but not of a pool that has ended", async () => {
  const database = await createTestDatabase();
  const said: string[] = [];
  const log = pino({ level: "warn" }, { write: (line: string) => said.push(line) });
  const pool = createPool({ url: database.url, max: 1, name: "queue test", log });
  const client = await pool.connect();
  client.release();
  pool.emit("error", new Error("broken"), client);
  await pool.end();
  pool.emit("error", new Error("broken"), client);
  assert.equal(said.length, 1);
  await database.drop();
});

test("notices are heard by the connection that listens for jobs, and by the one after it", async () => {
  await using world = await starving();
  const { log, pool, admin } = world;
  const heard: string[] = [];
  const hears = { channel: "queue_test", notice: (payload: string): unknown => heard.push(payload) };
  const queue = await startQueue({ pool, log, concurrency: 1, tasks: {}, hears });
  const hear = async (word: string): Promise<void> => {
    while (!heard.includes(word))
      await admin.query("select pg_notify('another', 'other'), pg_notify('queue_test', $1)", [word]);
  };
  try {
    await hear("first");
    await admin.query(
      "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'queue test' and query ilike 'listen%'",
    );
    await hear("second");
    assert.deepEqual([...new Set(heard)], ["first", "second"]);
  } finally {
    await queue.stop();
  }
});

test("of a queue that could not say that it lives nothing is left", async () => {
  const database = await createTestDatabase();
  const log = pino({ level: "silent" });
  const pool = createPool({ url: database.url, max: 4, name: "queue test", log });
  await pool.query(`
    create function refuse() returns trigger language plpgsql as $$ begin raise exception 'refused'; end $$;
    create trigger refuse before insert on skeduler.queue_workers for each row execute function refuse()`);
  await assert.rejects(
    startQueue({ pool, log, concurrency: 1, tasks: { never: async () => Promise.resolve() } }),
    /refused/,
  );
  await pool.end(); // waits for every connection
  await database.drop();
});

test("a job that was given out as often as it may be tried, each time in an answer that was lost, is tried once more", async () => {
  const database = await createTestDatabase();
  const db = createPool({ url: database.url, max: 1, name: "queue test", log: pino({ level: "silent" }) });
  try {
    await db.query("select graphile_worker.add_job('try-me', max_attempts := 3) from generate_series(1, 2)");
    await db.query(
      "update graphile_worker._private_jobs set locked_by = 'dead', locked_at = now(), attempts = 3 - (id % 2)::int",
    );
    await unlockJobs(db, ["another"]);
    const left = async (): Promise<unknown[]> => {
      const { rows } = await db.query<Record<string, unknown>>(
        "select attempts, locked_by from graphile_worker._private_jobs order by id",
      );
      return rows;
    };
    assert.deepEqual(await left(), [
      { attempts: 2, locked_by: "dead" },
      { attempts: 3, locked_by: "dead" },
    ]);
    await unlockJobs(db, ["dead"]);
    assert.deepEqual(await left(), [
      { attempts: 2, locked_by: null },
      { attempts: 2, locked_by: null },
    ]);
  } finally {
    await db.end();
    await database.drop();
  }
});

test("the jobs of a process that died are given to others, but not by one that was silent itself", async () => {
  const database = await createTestDatabase();
  const db = createPool({ url: database.url, max: 1, name: "queue test", log: pino({ level: "silent" }) });
  const locked = async (): Promise<(string | null)[]> => {
    const { rows } = await db.query<{ by: string | null }>("select locked_by as by from graphile_worker._private_jobs");
    return rows.map((row) => row.by);
  };
  try {
    await db.query("select graphile_worker.add_job('try-me')");
    await db.query("update graphile_worker._private_jobs set locked_by = 'dead', locked_at = now()");
    await beatQueueWorker(db, "dead", false);
    await beatQueueWorker(db, "living", false);
    assert.deepEqual(await locked(), ["dead"]);
    await db.query("update skeduler.queue_workers set seen_at = now() - interval '1 minute'");
    await beatQueueWorker(db, "living", false);
    assert.deepEqual(await locked(), ["dead"], "the living one had been silent itself");
    await beatQueueWorker(db, "living", false);
    assert.deepEqual(await locked(), [null]);
    await db.query(
      "update graphile_worker._private_jobs set locked_by = 'never heard of', locked_at = now() - interval '1 minute'",
    );
    await beatQueueWorker(db, "living", false);
    assert.deepEqual(await locked(), [null]);
    // Given to us, but the answer was lost: it counts as ours for as long as we may have it in hand.
    await db.query(
      "update graphile_worker._private_jobs set locked_by = 'living', locked_at = now() - interval '1 minute'",
    );
    await beatQueueWorker(db, "living", false);
    assert.deepEqual(await locked(), ["living"]);
    await beatQueueWorker(db, "living", true);
    assert.deepEqual(await locked(), [null]);
    await db.query("update graphile_worker._private_jobs set locked_by = 'living', locked_at = now()");
    await beatQueueWorker(db, "living", true);
    assert.deepEqual(await locked(), ["living"], "it may be on its way");
    const { rows } = await db.query("select pool_id from skeduler.queue_workers");
    assert.deepEqual(rows, [{ pool_id: "living" }]);
  } finally {
    await db.end();
    await database.drop();
  }
});
