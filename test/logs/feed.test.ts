// What the tails of a process share: a change is read once for all who wait, and none of them sleeps through the next.

import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { createPool } from "../../runtime/database/pool.ts";
import { appendLog } from "../../runtime/database/statements/append-log.ts";
import { createLog } from "../../runtime/log.ts";
import { ChunkBuilder } from "../../runtime/logs/chunk-format.ts";
import { printNotice } from "../../runtime/logs/chunk-notice.ts";
import { LogFeed } from "../../runtime/logs/feed.ts";
import { follow } from "../../runtime/logs/follow.ts";
import { parseView } from "../../runtime/logs/view.ts";
import { eventually } from "../../runtime/up/processes.ts";
import { createTestDatabase } from "../support/database.ts";

async function withLog(
  body: (log: {
    readonly feed: LogFeed;
    readonly id: string;
    /** Stores a chunk; answers the notice of it. */
    readonly append: (text: string) => Promise<string>;
    readonly end: () => Promise<void>;
    /** What one more of its followers has been given so far; resolves at the end of the log. */
    readonly follower: (signal?: AbortSignal) => { readonly text: () => string; readonly ended: Promise<void> };
    /** Statements so far. */
    readonly asked: () => number;
  }) => Promise<void>,
): Promise<void> {
  const database = await createTestDatabase();
  const own = createPool({ url: database.url, max: 1, name: "test", log: createLog("error") });
  const db = createPool({ url: database.url, max: 4, name: "test", log: createLog("error") });
  const feed = new LogFeed(db);
  const over = new AbortController();
  let asked = 0;
  db.on("acquire", () => (asked += 1));
  try {
    await own.query(
      "insert into skeduler.hosts (name, engine_id, epoch, slots, cpus, memory_bytes, version) values ('h', 'e', 1, 1, 1, 1, 'v')",
    );
    const { rows } = await own.query<{ id: string; attempt: string }>(
      `with j as (insert into jobs (name, description, docker_image, docker_command, docker_environment, status, attempt)
         values ('n', '', 'i', '', '{}', 'RUNNING', 1) returning id)
       insert into skeduler.attempts (experiment_id, number, host, epoch) select id, 1, 'h', 1 from j
         returning experiment_id as id, id as attempt`,
    );
    const { id = "", attempt: attemptId = "" } = rows[0] ?? {};
    let seq = 0;
    await body({
      feed,
      id,
      append: async (text) => {
        const builder = new ChunkBuilder();
        const bytes = Buffer.from(text);
        builder.add("stdout", 1_700_000_000, 0, bytes, 0, bytes.length);
        const chunk = builder.take();
        assert.ok(await appendLog(own, { attemptId, epoch: "1", seq, chunk, position: {} }));
        return printNotice({ experimentId: id, attemptId, seq: seq++ }, chunk) ?? "";
      },
      end: async () => {
        await own.query("update skeduler.attempts set closed_at = now() where id = $1", [attemptId]);
        await own.query("update jobs set status = 'FINISHED', ended_at = now() where id = $1", [id]);
      },
      follower: (left = over.signal) => {
        const signal = AbortSignal.any([left, over.signal]);
        let text = "";
        const read = async (): Promise<void> => {
          const start = { attempt: 1, offset: 0 };
          const options = { db, feed, experimentId: id, timestamps: false, start, alone: true, signal };
          await follow({ ...options, view: parseView("stdout") }, ({ bytes }) => {
            text += bytes.toString();
            return true;
          });
        };
        return { text: () => text, ended: read() };
      },
      asked: () => asked,
    });
  } finally {
    over.abort();
    feed.close();
    await Promise.all([own.end(), db.end()]);
    await database.drop();
  }
}

/** Without the slow poll, which would make good what is broken here. */
function withoutPoll(t: TestContext): void {
  t.mock.timers.enable({ apis: ["setInterval"] });
}

async function all(followers: readonly { readonly text: () => string }[], text: string): Promise<void> {
  assert.ok(await eventually(20_000, () => followers.every((one) => one.text() === text)));
}

test("a change is read once for all who follow", async (t) => {
  withoutPoll(t);
  await withLog(async ({ feed, id, append, end, follower, asked }) => {
    const followers = Array.from({ length: 100 }, () => follower());
    await append("one\n");
    feed.wake([id]);
    await all(followers, "one\n");
    const before = asked();
    await append("two\n");
    feed.wake([id]);
    await all(followers, "one\ntwo\n");
    assert.equal(asked() - before, 1);
    await end();
    feed.wake([id]);
    await Promise.all(followers.map(async (one) => one.ended));
  });
});

test("what changes while a change is read is not slept through", async (t) => {
  withoutPoll(t);
  await withLog(async ({ feed, id, append, end, follower }) => {
    const followers = Array.from({ length: 10 }, () => follower());
    let text = "";
    for (let n = 0; n < 50; n += 1) {
      await append(`${n}\n`);
      text += `${n}\n`;
      feed.wake([id]); // and the reading begins, while the next is stored and told
    }
    await all(followers, text);
    const ended = end();
    feed.wake([id]);
    await ended;
    feed.wake([id]);
    await Promise.all(followers.map(async (one) => one.ended));
  });
});

test("one whose client leaves while it waits ends, and the others go on", async (t) => {
  withoutPoll(t);
  await withLog(async ({ feed, id, append, end, follower }) => {
    const left = new AbortController();
    const [goes, stays] = [follower(left.signal), follower()];
    await append("one\n");
    feed.wake([id]);
    await all([goes, stays], "one\n");
    left.abort();
    await goes.ended;
    await append("two\n");
    await end();
    feed.wake([id]);
    await stays.ended;
    assert.deepEqual([goes.text(), stays.text()], ["one\n", "one\ntwo\n"]);
  });
});

test("a chunk that comes with the word of it is asked for by nobody", async (t) => {
  withoutPoll(t);
  await withLog(async ({ feed, id, append, end, follower, asked }) => {
    const followers = Array.from({ length: 10 }, () => follower());
    await append("one\n");
    feed.wake([id]);
    await all(followers, "one\n");
    const before = asked();
    let text = "one\n";
    for (const line of ["two\n", "three\n"]) {
      feed.grew(id, await append(line));
      text += line;
      await all(followers, text);
    }
    assert.equal(asked() - before, 0);
    const late = follower(); // and who comes now finds what is known
    await all([late], text);
    await end();
    feed.wake([id]);
    await Promise.all([late, ...followers].map(async (one) => one.ended));
  });
});

test("words that are lost, come twice, late or spoiled: the log is whole, and nothing is given twice", async (t) => {
  withoutPoll(t);
  await withLog(async ({ feed, id, append, end, follower }) => {
    const followers = Array.from({ length: 5 }, () => follower());
    const told: string[] = [];
    let text = "";
    const lost = (): void => undefined;
    const grew = (notice: string): void => feed.grew(id, notice);
    const ways: ((notice: string) => void)[] = [
      lost,
      grew,
      grew,
      () => feed.wake([id]),
      (notice) => feed.grew(id, `${notice}x`),
      (notice) => {
        feed.wake([id]); // is under way when the chunk's own word comes
        feed.grew(id, notice);
        feed.grew(id, notice);
      },
      (notice) => {
        for (const earlier of told) feed.grew(id, earlier);
        feed.grew(id, notice);
      },
    ];
    for (let n = 0; n < 70; n += 1) {
      const notice = await append(`${n}\n`);
      text += `${n}\n`;
      const way = ways[(n + Math.floor(n / ways.length)) % ways.length] ?? lost;
      way(notice);
      told.push(notice);
      if (way !== lost) await all(followers, text);
    }
    feed.wake([id]);
    await all(followers, text);
    await end();
    feed.wake([id]);
    await Promise.all(followers.map(async (one) => one.ended));
    assert.deepEqual(
      followers.map((one) => one.text()),
      followers.map(() => text),
    );
  });
});
