// What the container wrote is what GET /logs gives, byte for byte and per stream, whatever its lines look like.

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { after, before, test } from "node:test";
import { System } from "../support/system.ts";

let system: System;
before(async () => {
  system = await System.start();
  await system.addRunner("logger");
});
after(async () => system[Symbol.asyncDispose]());

const run = async (script: string): Promise<string> => {
  const { id } = await system.postScript(script);
  await system.ended(id);
  return id;
};
const stdout = async (id: string, query = ""): Promise<string> =>
  (await system.log(id, `?stream=stdout${query}`)).toString("latin1");

test("binary, carriage returns, empty lines and no final newline", async () => {
  const id = await run(String.raw`printf "\377\376\0z\n\n\n  12%%\r 34%%\r\nno end"`);
  assert.equal(await stdout(id), "\xff\xfe\0z\n\n\n  12%\r 34%\r\nno end");
});

const fill = (length: number): string => `head -c ${length} /dev/zero | tr "\\0" x`;

for (const length of [16_383, 16_384, 16_385, 32_767, 32_768, 32_769, 40_000]) {
  test(`a line of ${length} bytes keeps its newline when another follows`, async () => {
    const id = await run(`${fill(length)}; echo; echo next`);
    assert.equal(await stdout(id), `${"x".repeat(length)}\nnext\n`);
  });
}

test("a last line above 16 KB without newline gets none", async () => {
  assert.equal(await stdout(await run(fill(40_000))), "x".repeat(40_000));
});

test("the newline of a last line above 16 KB is lost by Docker, unless its length is a multiple of 16,384", async () => {
  assert.equal(await stdout(await run(`${fill(40_000)}; echo`)), "x".repeat(40_000));
  assert.equal(await stdout(await run(`${fill(32_768)}; echo`)), `${"x".repeat(32_768)}\n`);
});

test("one line of 10 MB, with lines of the other stream meanwhile", async () => {
  const id = await run(`echo before >&2; ${fill(10_000_000)}; echo; echo after >&2; echo end`);
  assert.equal(await stdout(id), `${"x".repeat(10_000_000)}\nend\n`);
  assert.equal((await system.log(id, "?stream=stderr")).toString(), "before\nafter\n");
});

test("a million lines as fast as they come, none lost, none doubled, in order", async () => {
  const id = await run("seq 1 1000000");
  const expected = createHash("sha256");
  for (let n = 1; n <= 1_000_000; n += 1) expected.update(`${n}\n`);
  const log = await system.log(id, "?stream=stdout");
  assert.equal(log.length, 6_888_896);
  assert.equal(createHash("sha256").update(log).digest("hex"), expected.digest("hex"));
  assert.equal(await stdout(id, "&tail=3"), "999998\n999999\n1000000\n");
  const range = await system.fetch(`/logs/${id}?stream=stdout`, { headers: { Range: "bytes=3000000-3000099" } });
  assert.equal(range.status, 206);
  assert.deepEqual(Buffer.from(await range.arrayBuffer()), log.subarray(3_000_000, 3_000_100));
});

test("tail=N counts lines of the view, a last one without newline too", async () => {
  const id = await run("echo one; echo two; echo err >&2; printf three");
  assert.equal(await stdout(id, "&tail=0"), "");
  assert.equal(await stdout(id, "&tail=1"), "three");
  assert.equal(await stdout(id, "&tail=2"), "two\nthree");
  assert.equal(await stdout(id, "&tail=99"), "one\ntwo\nthree");
});

test("a line of ours after one without newline is a line like others: counted, and with its time", async () => {
  const id = await run("printf three");
  const log = async (query: string): Promise<string> => (await system.log(id, query)).toString();
  const last = "[skeduler] Finished with exit code 0.\n";
  assert.equal(await log("?tail=1"), last);
  assert.equal(await log("?tail=2"), `three\n${last}`);
  const timed = await log("?timestamps=1&tail=2");
  assert.match(timed, /^\d{4}-.{24}Z three\n\d{4}-.{24}Z \[skeduler\] Finished with exit code 0\.\n$/);
});

test("timestamps stand before each line, in Docker's precision", async () => {
  const id = await run("echo one; echo two");
  assert.match(await stdout(id, "&timestamps=1"), /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z one\n\d{4}-.{24}Z two\n$/);
  assert.match(await stdout(id, "&timestamps=1&tail=1"), /^\d{4}-.{24}Z two\n$/);
});

test("since=TIME begins with the first line at that time or later, in reads and tails, with tail=N too", async () => {
  const id = await run("echo one; sleep 0.1; echo two; echo err >&2; sleep 0.1; printf three");
  const timed = (await stdout(id, "&timestamps=1")).split("\n");
  const [first, second] = timed.map((line) => line.slice(0, 30));
  const later = (time = ""): string =>
    time.replace(/(\d{9})Z/, (_, nanos: string) => `${String(Number(nanos) + 1).padStart(9, "0")}Z`);
  assert.equal(await stdout(id, `&since=${first}`), "one\ntwo\nthree");
  assert.equal(await stdout(id, `&since=${later(first)}`), "two\nthree");
  assert.equal(await stdout(id, `&since=${second}&tail=1`), "three");
  assert.equal(await stdout(id, `&since=${later(first)}&timestamps=1`), timed.slice(1).join("\n"));
  assert.equal(await stdout(id, "&since=2999-01-01T00:00:00Z"), "");
  const tail = await system.fetch(`/logs/${id}/tail?stream=stdout&since=${encodeURIComponent(second ?? "")}`);
  assert.equal(tail.headers.get("skeduler-position"), "1.4");
  assert.equal(await tail.text(), "two\nthree");
  assert.equal((await system.fetch(`/logs/${id}?since=yesterday`)).status, 400);
});

test("a closed log has length, ETag and ranges", async () => {
  const id = await run("echo 0123456789");
  const whole = await system.fetch(`/logs/${id}?stream=stdout`);
  assert.equal(whole.headers.get("content-length"), "11");
  const etag = whole.headers.get("etag") ?? "";
  assert.notEqual(etag, "");
  await whole.arrayBuffer();
  const ask = async (headers: Record<string, string>) => {
    const response = await system.fetch(`/logs/${id}?stream=stdout`, { headers });
    return { status: response.status, range: response.headers.get("content-range"), body: await response.text() };
  };
  assert.deepEqual(await ask({ "If-None-Match": etag }), { status: 304, range: null, body: "" });
  assert.deepEqual(await ask({ Range: "bytes=2-4" }), { status: 206, range: "bytes 2-4/11", body: "234" });
  assert.deepEqual(await ask({ Range: "bytes=-3" }), { status: 206, range: "bytes 8-10/11", body: "89\n" });
  assert.deepEqual(await ask({ Range: "bytes=9-" }), { status: 206, range: "bytes 9-10/11", body: "9\n" });
  assert.deepEqual(await ask({ Range: "bytes=2-4", "If-Range": '"other"' }), {
    status: 200,
    range: null,
    body: "0123456789\n",
  });
  assert.equal((await ask({ Range: "bytes=11-" })).status, 416);
});

test("a log that does not exist yet is empty; unknown attempts and experiments are 404", async () => {
  const id = await run("true");
  assert.equal((await system.fetch(`/logs/${id}?attempt=2`)).status, 404);
  assert.equal((await system.fetch("/logs/00000000-0000-4000-8000-000000000000")).status, 404);
  assert.equal((await system.fetch(`/logs/${id}?tail=x`)).status, 400);
  assert.equal((await system.fetch(`/logs/${id}?stream=stdin`)).status, 400);
});
