import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type pg from "pg";
import { createPool } from "../../runtime/database/pool.ts";
import { EntryReader, type LogPosition } from "../../runtime/docker/log-entries.ts";
import { createLog } from "../../runtime/log.ts";
import { lane } from "../../runtime/runner/lane.ts";
import { LineAssembler } from "../../runtime/runner/line-assembler.ts";
import { Fenced, LogWriter, type LogWriterOptions } from "../../runtime/runner/log-writer.ts";
import type { Chunk } from "../../runtime/logs/chunk-format.ts";
import { createTestDatabase, type TestDatabase } from "../support/database.ts";

let database: TestDatabase;
let db: pg.Pool;
before(async () => {
  database = await createTestDatabase();
  db = createPool({ url: database.url, max: 2, name: "test", log: createLog("error") });
  await db.query(
    "insert into skeduler.hosts (name, engine_id, slots, cpus, memory_bytes, version) values ('h', 'e', 1, 1, 1, 't')",
  );
});
after(async () => {
  await db.end();
  await database.drop();
});

/** An open attempt; its id. */
async function attempt(): Promise<string> {
  const { rows } = await db.query<{ id: string }>(
    `with job as (
       insert into jobs (name, description, docker_image, docker_command, docker_environment) values ('j', '', 'i', '', '{}') returning id
     )
     insert into skeduler.attempts (experiment_id, number, host, epoch) select id, 1, 'h', 1 from job returning id::text as id`,
  );
  return rows[0]?.id ?? "";
}

function writing(
  attemptId: string,
  nextSeq: number,
  more: Partial<LogWriterOptions> = {},
): { writer: LogWriter; write: (text: string) => void } {
  const writer = new LogWriter({
    db,
    attemptId,
    epoch: "1",
    nextSeq,
    position: {},
    endsLine: true,
    storedBytes: 0,
    maxBytes: 1e9,
    heavy: lane(),
    collect: () => undefined,
    tell: async (_chunk, _seq, store) => store(undefined),
    onStored: () => undefined,
    signal: new AbortController().signal,
    log: createLog("error"),
    ...more,
  });
  const reader = new EntryReader("stdout");
  const write = (text: string): void => {
    const bytes = Buffer.from(text);
    reader.entries += 1;
    writer.record(reader, 1_800_000_000, reader.entries, bytes, 0, bytes.length);
    writer.start();
  };
  return { writer, write };
}

async function stored(id: string): Promise<{ text: string; entries: number | null }> {
  const { rows } = await db.query<{ text: string; entries: number | null }>(
    `select coalesce(string_agg(convert_from(c.data, 'UTF8'), '' order by c.seq), '') as text, (a.log_position -> 'stdout' ->> 'entries')::int as entries
       from skeduler.attempts a left join skeduler.log_chunks c on c.attempt_id = a.id where a.id = $1 group by a.id`,
    [id],
  );
  return rows[0] ?? { text: "no attempt", entries: null };
}

test("what could not be stored is followed by nothing, and the position stays before it", async () => {
  await db.query(`
    create function refuse() returns trigger language plpgsql as $$
      begin if convert_from(new.data, 'UTF8') like 'second%' then raise exception 'refused'; end if; return new; end $$;
    create trigger refuse before insert on skeduler.log_chunks for each row execute function refuse()`);
  const id = await attempt();
  const { writer, write } = writing(id, 0);
  write("first\n");
  await writer.flush();
  write("second\n");
  await assert.rejects(writer.flush(), /refused/);
  assert.match(String(writer.failed.reason), /refused/);
  write("third\n");
  await assert.rejects(writer.flush(), /refused/);
  assert.deepEqual(await stored(id), { text: "first\n", entries: 1 });
  await db.query("drop trigger refuse on skeduler.log_chunks");
  const next = writing(id, 1);
  next.write("second\n");
  next.write("third\n");
  await next.writer.flush();
  assert.equal((await stored(id)).text, "first\nsecond\nthird\n");
});

test("a closed attempt takes nothing more", async () => {
  const id = await attempt();
  const { writer, write } = writing(id, 0);
  write("kept\n");
  await writer.flush();
  await db.query("update skeduler.attempts set closed_at = now() where id = $1", [id]);
  write("late\n");
  await assert.rejects(writer.flush(), Fenced);
  assert.equal((await stored(id)).text, "kept\n");
});

test("whoever adds waits while a megabyte is pending, and all of it is stored in order", async () => {
  const id = await attempt();
  const { writer, write } = writing(id, 0);
  let waits = 0;
  let expected = "";
  for (let n = 0; n < 40; n += 1) {
    const text = `${String(n).padStart(8, "0")}${"x".repeat(100_000)}\n`;
    write(text);
    expected += text;
    const room = writer.room();
    if (room !== undefined) waits += 1;
    await room;
  }
  await writer.flush();
  assert.ok(waits > 0);
  assert.deepEqual(await stored(id), { text: expected, entries: 40 });
});

test("once it is stopped nothing of it is on its way, and nothing more comes", async () => {
  const id = await attempt();
  const { writer, write } = writing(id, 0);
  const locker = await db.connect();
  await locker.query("begin");
  await locker.query("select from skeduler.attempts where id = $1 for update", [id]);
  write("first\n");
  write("second\n");
  const order: string[] = [];
  const stopped = writer.stop().then(() => order.push("stopped"));
  const waits = "select from pg_locks where not granted and pg_backend_pid() = any(pg_blocking_pids(pid))";
  while ((await locker.query(waits)).rowCount === 0);
  order.push("let go");
  await locker.query("commit");
  locker.release();
  await stopped;
  assert.deepEqual(order, ["let go", "stopped"]);
  write("late\n");
  await assert.rejects(writer.flush(), /stopped/);
  assert.equal((await stored(id)).text, "first\n");
});

/** A log that has just printed much, on a clock that stands still: of what is stored after that each chunk's text comes in turn. */
async function loudLog(): Promise<ReturnType<typeof writing> & { id: string; nextStored: () => Promise<string> }> {
  const id = await attempt();
  const texts: string[] = [];
  let told = Promise.withResolvers<undefined>();
  const onStored = ({ data }: Chunk): void => {
    texts.push(data.toString());
    told.resolve(undefined);
  };
  const nextStored = async (): Promise<string> => {
    if (texts.length === 0) await told.promise;
    told = Promise.withResolvers();
    return texts.shift() ?? "";
  };
  const { writer, write } = writing(id, 0, { clock: () => 1_000, onStored });
  write(`${"x".repeat(10_000)}\n`);
  assert.equal((await nextStored()).length, 10_001);
  return { id, writer, write, nextStored };
}

test("what a log that prints much adds is stored together, a tenth of a second later", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const { writer, write, nextStored } = await loudLog();
  write("first\n");
  write("second\n");
  t.mock.timers.tick(99);
  write("third\n");
  t.mock.timers.tick(1);
  assert.equal(await nextStored(), "first\nsecond\nthird\n");
  write("at once\n"); // it was little, and so the log is no loud one any more
  assert.equal(await nextStored(), "at once\n");
  await writer.stop();
});

test("a full chunk waits for nothing, nor does the end of a log", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const { id, writer, write, nextStored } = await loudLog();
  const line = `${"y".repeat(99_999)}\n`;
  write(line);
  write(line);
  write(line);
  assert.equal((await nextStored()).length, 200_000);
  await writer.flush();
  assert.equal(await nextStored(), line);
  assert.equal((await stored(id)).entries, 4);
});

test("a writer that is stopped does not wait for what gathers, and does not store it", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const { id, writer, write } = await loudLog();
  write("left to the next runner\n");
  await writer.stop();
  assert.equal((await stored(id)).entries, 1);
});

test("while a piece of a line is held, what is stored of the other stream says since when", async () => {
  const id = await attempt();
  const positionOf = async (): Promise<LogPosition> => {
    const { rows } = await db.query<{ at: LogPosition }>(
      "select log_position as at from skeduler.attempts where id = $1",
      [id],
    );
    return rows[0]?.at ?? {};
  };
  const reading = (writer: LogWriter): ((stream: "stdout" | "stderr", second: number, text: string) => void) => {
    const assemblers = { stdout: new LineAssembler(writer.record), stderr: new LineAssembler(writer.record) };
    const readers = { stdout: new EntryReader("stdout"), stderr: new EntryReader("stderr") };
    writer.reads(Object.values(assemblers));
    return (stream, second, text) => {
      const frame = Buffer.from(`2026-01-02T03:04:0${second}.000000005Z ${text}`);
      readers[stream].read(frame, 0, frame.length, (...entry) => assemblers[stream].add(...entry));
    };
  };
  const seconds = Date.parse("2026-01-02T03:04:01Z") / 1000;
  const { writer } = writing(id, 0);
  const read = reading(writer);
  read("stdout", 1, "piece");
  read("stderr", 2, "err\n");
  await writer.flush();
  const { stdout, held } = await positionOf();
  assert.deepEqual([stdout, held], [undefined, { seconds, nanos: 5 }]);

  // Whoever reads on keeps it until the piece is there again, whatever else is stored before.
  const next = writing(id, 1, { position: await positionOf() }).writer;
  const readOn = reading(next);
  next.note("a line of ours");
  await next.flush();
  assert.deepEqual((await positionOf()).held, { seconds, nanos: 5 });
  readOn("stdout", 1, "piece");
  readOn("stdout", 3, ` of a line${"x".repeat(250_000)}\n`); // a chunk ends before it
  await next.flush();
  const { rows } = await db.query<{ held: boolean }>(
    "select log_position -> 'held' is not null as held from skeduler.attempts where id = $1",
    [id],
  );
  assert.deepEqual(rows, [{ held: false }]);
});
