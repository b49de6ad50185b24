// What a host remembers of its database: whole after a restart, bounded, and no reason for a runner not to start.

import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, test } from "node:test";
import { pino } from "pino";
import type { AttemptSpec } from "../../runtime/database/statements/runner.ts";
import { UserError } from "../../runtime/errors.ts";
import { HostMemory, type End } from "../../runtime/runner/host-memory.ts";

let folder: string;
let said: string[];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "skeduler-memory-"));
  said = [];
});
afterEach(() => rmSync(folder, { recursive: true }));

const log = pino({ level: "warn" }, { write: (line: string) => said.push(line) });
const open = async (): Promise<HostMemory> => HostMemory.open(folder, "here", log);
const fileOf = (kind: "json" | "attempts"): string => join(folder, `here.${kind}`);
const idOf = (n: number): string => `00000000-0000-4000-8000-${String(n).padStart(12, "0")}`;

const spec = (n: number): AttemptSpec => ({
  id: idOf(n),
  number: 1,
  experiment_id: idOf(n),
  name: `é ${n}`,
  image: "busybox",
  command: "",
  environment: {},
  options: {},
  memory: null,
  cpus: null,
  shm_size: null,
  time_limit: null,
  time_limit_warning: null,
  retries: null,
  gpus: [],
});

const end: End = {
  result: { reason: "exited", exit_code: 0, signal: null, message: "The container ended with exit code 0." },
  finished: true,
  at: new Date(),
  ran: true,
};

/** A file of one attempt that began, and after it of so many that ended. */
function remember(ended: number): void {
  const time = Date.now();
  const lines: object[] = [{ began: spec(0), time }];
  for (let n = 1; n <= ended; n += 1) lines.push({ began: spec(n), time }, { ended: idOf(n), end, time });
  writeFileSync(fileOf("attempts"), lines.map((line) => `${JSON.stringify(line)}\n`).join(""));
}

test("what was written is there after a restart, all but a line that a crash cut off", async () => {
  const before = await open();
  await before.heard({ epoch: "3", beats: "7" });
  await before.began(spec(1));
  await before.ended(idOf(1), end);
  await before.began(spec(2));
  writeFileSync(fileOf("attempts"), `{"began":{"id":"${idOf(3)}`, { flag: "a" });
  const after = await open();
  assert.deepEqual([after.marks, after.ids], [{ epoch: "3", beats: "7" }, [idOf(1), idOf(2)]]);
  assert.deepEqual([after.endOf(idOf(1)), after.endOf(idOf(2))], [end, undefined]);
  assert.deepEqual(await after.specsOf(new Set([idOf(2), idOf(3)])), new Map([[idOf(2), spec(2)]]));
  assert.deepEqual(said, []);
});

test("when Docker was asked to start one is known after a restart, unless it refused", async () => {
  const before = await open();
  for (const n of [1, 2, 3]) await before.began(spec(n));
  const since = Date.now();
  for (const n of [1, 2]) await before.start(idOf(n), "asked");
  await before.start(idOf(2), "refused");
  for (const memory of [before, await open(), await open()]) {
    const asked = memory.startAsked(idOf(1))?.getTime();
    assert.ok(asked !== undefined && asked >= since && asked <= Date.now());
    assert.deepEqual([memory.startAsked(idOf(2)), memory.startAsked(idOf(3))], [undefined, undefined]);
    assert.deepEqual(memory.unsettled, { known: [idOf(1), idOf(2), idOf(3)], closed: [] });
  }
});

test("the newest 20,000 are remembered, in the file too, and what has not ended", async () => {
  remember(20_005);
  const memory = await open();
  assert.deepEqual(
    [memory.ids.length, memory.knows(idOf(0)), memory.knows(idOf(6)), memory.knows(idOf(7))],
    [20_000, true, false, true],
  );
  const written = readFileSync(fileOf("attempts"), "utf8");
  assert.deepEqual([written.split("\n").length, written.includes(idOf(6))], [1 + 2 * 19_999 + 1, false]);
  assert.deepEqual([...(await memory.specsOf(new Set([idOf(6), idOf(20_005)]))).values()], [spec(20_005)]);
});

test("what the database has not confirmed is never forgotten; once it is, the oldest goes", async () => {
  remember(19_999);
  const memory = await open();
  await memory.began(spec(20_000));
  assert.equal(memory.ids.length, 20_001);
  memory.settle([idOf(1), idOf(2), idOf(3)]);
  await memory.began(spec(20_001));
  assert.deepEqual([memory.ids.length, memory.ids.slice(0, 2)], [20_000, [idOf(0), idOf(3)]]);
});

test("files that cannot be read cost the memory, not the start: a warning, and what comes next is kept", async () => {
  for (const kind of ["json", "attempts"] as const) mkdirSync(fileOf(kind));
  const memory = await open();
  assert.deepEqual([memory.marks, memory.ids], [undefined, []]);
  assert.deepEqual(
    said.map((line) => (JSON.parse(line) as { msg: string }).msg),
    Array<string>(2).fill("what this host remembered of its database cannot be read, and is put aside"),
  );
  await memory.heard({ epoch: "1", beats: "1" });
  await memory.began(spec(1));
  const after = await open();
  assert.deepEqual([after.marks, after.ids], [{ epoch: "1", beats: "1" }, [idOf(1)]]);
});

test("a folder that cannot be made is named, with the reason", async () => {
  await assert.rejects(
    HostMemory.open("/dev/null/hosts/h", "here", log),
    (error) => error instanceof UserError && /folder \/dev\/null\/hosts\/h .*ENOTDIR/.test(error.message),
  );
});
