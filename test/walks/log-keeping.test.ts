// A log that is too large keeps its head and its end, with a line between; an old one says that it expired, and its space
// is given back.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { connectPool } from "../../runtime/database/pool.ts";
import { markExpired } from "../../runtime/database/statements/expire-logs.ts";
import { createLog } from "../../runtime/log.ts";
import { expireLogs } from "../../tasks/expire-logs.ts";
import { Home } from "../support/cli.ts";
import { System, token } from "../support/system.ts";

const mebibyte = 1024 ** 2;
const lines = 400_000;

let system: System;
let home: Home;
before(async () => {
  system = await System.start();
  home = new Home({ url: system.url, token });
  await system.addRunner("keeper", { SKEDULER_LOGS_MAX_BYTES: String(mebibyte + 1) }); // of which there is no whole half
});
after(async () => {
  home[Symbol.dispose]();
  await system[Symbol.asyncDispose]();
});

const seq = (from: number, to: number): string => {
  let text = "";
  for (let n = from; n <= to; n += 1) text += `${n}\n`;
  return text;
};

test("a log above logs.max_bytes keeps head and end, says what is missing, and the experiment ends as it would", async () => {
  const { id } = await system.postScript(`seq 1 ${lines}; exit 3`);
  const { result } = await system.ended(id);
  assert.deepEqual([result?.reason, result?.exit_code], ["exited", 3]);
  const response = await system.fetch(`/logs/${id}`);
  const log = Buffer.from(await response.arrayBuffer());
  assert.equal(response.headers.get("content-length"), String(log.length));
  assert.ok(log.length > 0.7 * mebibyte && log.length < 1.6 * mebibyte, `${log.length} bytes`);

  const text = log.toString();
  const mark =
    /\[skeduler\] the log is too large \(logs\.max_bytes\): (\d+) bytes written from \S+ to \S+ are not kept; what follows begins at position (1\.(\d+))\n/;
  const [line = "", missing, position, resumes] = mark.exec(text) ?? [];
  const at = text.indexOf(line);
  assert.equal(text.split("the log is too large").length, 2);
  // Nothing else is missing: head, gap and end are the whole.
  const ours = text.split("\n").filter((one) => one.startsWith("[skeduler] ") && !line.startsWith(one));
  const written = seq(1, lines).length + ours.reduce((sum, one) => sum + one.length + 1, 0);
  assert.equal(at + Number(missing), Number(resumes));
  assert.equal(at + Number(missing) + text.length - at - line.length, written);

  // Each side is what was written there, and a view without our lines has no mark.
  const stdout = (await system.log(id, "?stream=stdout")).toString();
  const last = Number(/(\d+)\n$/.exec(text.slice(0, at))?.[1]);
  const first = Number(/^(?:\d*\n)?(\d+)\n/.exec(text.slice(at + line.length))?.[1]);
  assert.ok(last > 50_000 && first > last && first < lines - 20_000, `${last} and ${first}`);
  assert.ok(stdout.startsWith(seq(1, last)));
  assert.ok(stdout.endsWith(seq(first, lines)));
  assert.equal(stdout.length, text.length - line.length - (written - seq(1, lines).length));

  // Ranges are of what is read; positions are of what was written.
  for (const [from, to] of [
    [at - 10, at + 10],
    [at + 5, at + line.length + 20],
    [at - 5, at + line.length + 5],
    [at + line.length, at + line.length + 9],
    [0, log.length - 1],
  ] as const) {
    const part = await system.fetch(`/logs/${id}`, { headers: { Range: `bytes=${from}-${to}` } });
    assert.deepEqual(Buffer.from(await part.arrayBuffer()), log.subarray(from, to + 1));
  }
  const tail = await (await system.fetch(`/logs/${id}/tail?after=${position ?? ""}`)).text();
  assert.equal(tail, text.slice(at + line.length));
  assert.equal(await (await system.fetch(`/logs/${id}/tail`)).text(), text);
  assert.equal((await system.log(id, "?stream=stdout&tail=2")).toString(), seq(lines - 1, lines));
  const inTheGap = await (await system.fetch(`/logs/${id}/tail?after=1.${at + 100}`)).text();
  assert.equal(inTheGap, text.slice(at));
  // The last N lines, where these begin in the gap: the line that says so, and the end.
  const many = await system.log(id, `?tail=${lines - last - 100}`);
  assert.equal(many.toString(), text.slice(at));
});

test("an old log expires with its day: it says so, its table is gone, what is newer or open stays", async () => {
  const [old, open, recent] = await Promise.all([
    system.postScript("echo old; exit 4"),
    system.postScript("trap 'exit 0' TERM; echo open; while :; do sleep 0.1; done"),
    system.postScript("echo recent"),
  ]);
  await system.logged(open.id, "open\n");
  await Promise.all([system.ended(old.id), system.ended(recent.id)]);
  const table = async (day: string): Promise<boolean> => {
    const { rows } = await system.query("select to_regclass($1) is not null as there", [`skeduler.log_chunks_${day}`]);
    return rows[0]?.["there"] === true;
  };
  const move = async (id: string, day: string): Promise<void> => {
    await system.query(
      `create table if not exists skeduler.log_chunks_${day} partition of skeduler.log_chunks for values from ('${day}') to ('${day}'::date + 1)`,
    );
    await system.query(
      "update skeduler.log_chunks c set day = $2::date from skeduler.attempts a where a.id = c.attempt_id and a.experiment_id = $1",
      [id, day],
    );
    await system.query(
      "update skeduler.attempts set day = $2::date, closed_at = closed_at - interval '3 days' where experiment_id = $1",
      [id, day],
    );
  };
  await move(old.id, "20250101");
  await move(open.id, "20250102");
  const db = await connectPool({ url: system.database, max: 2, name: "test", log: createLog("error") });
  const expire = async (age: number): Promise<void> => {
    const task = expireLogs({ db, retention: { age, size: undefined }, log: createLog("error") });
    await task({}, {} as never);
  };
  try {
    await expire(4 * 24 * 3_600_000);
    const kept = await system.log(old.id);
    assert.ok(kept.includes("old\n"));
    await expire(2 * 24 * 3_600_000);
    assert.deepEqual([await table("20250101"), await table("20250102")], [false, true]);
    for (const path of [`/logs/${old.id}`, `/logs/${old.id}/tail`]) {
      const response = await system.fetch(path);
      const body = (await response.json()) as { code: string; error: string };
      assert.deepEqual([response.status, body.code], [410, "log_expired"]);
    }
    // Who was cut off in it is told before anything is sent, or would come back for ever; who has all of it goes on.
    for (const [place, status] of [
      ["1.0", 410],
      ["1.1", 410],
      [`1.${kept.length}`, 200],
    ] as const)
      assert.equal((await system.fetch(`/logs/${old.id}/tail?after=${place}`)).status, status, place);
    const shown = (await system.json(`/experiments/${old.id}`)) as unknown as {
      attempt: { log_expired_at: string | null };
    };
    assert.match(shown.attempt.log_expired_at ?? "", /^20\d\d-.*Z$/);
    // It has ended all the same, and whoever waits for it is told how.
    const waited = await home.run(["wait", old.id]);
    assert.deepEqual([waited.code, waited.err], [4, ""]);
    assert.ok((await system.log(recent.id)).includes("recent\n"));
    assert.ok((await system.log(open.id)).includes("open\n"));

    // A process that died between the mark and the drop: the next look ends it.
    await system.put(open.id, { status: "CANCELLED" });
    await system.ended(open.id);
    assert.equal(await markExpired(db, "2025-01-02"), true);
    await expire(0);
    assert.equal(await table("20250102"), false);
    assert.equal((await system.fetch(`/logs/${open.id}`)).status, 410);
  } finally {
    await db.end();
  }
});
