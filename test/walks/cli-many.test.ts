// The command line asked for several at once: what is refused of them is told by name, and holds up none of the others.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Home, type Ended } from "../support/cli.ts";
import { image, System, token } from "../support/system.ts";

let system: System;
let home: Home;
before(async () => {
  system = await System.start();
  await system.addRunner("many-host");
  home = new Home({ url: system.url, token });
});
after(async () => {
  home[Symbol.dispose]();
  await system[Symbol.asyncDispose]();
});

const run = async (...words: string[]): Promise<Ended> => home.run(words);
const waiting = { resources: { host: "elsewhere" } };

test("cancel and retry go through all, and name what is refused; a mistyped name changes nothing", async () => {
  const over = await system.postScript("true", { name: "over", resources: { gpus: 0 } });
  await system.ended(over.id);
  const first = await system.postScript("true", { name: "first", ...waiting });
  const last = await system.postScript("true", { name: "last", ...waiting });
  assert.equal((await run("cancel", "first", "nobody")).code, 3);
  assert.equal((await system.get(first.id)).status, "ENQUEUED");

  const short = (id: string): string => id.slice(0, 8);
  const cancelled = await run("cancel", "first", over.id, "last");
  assert.deepEqual(cancelled, {
    code: 1,
    out: `Cancelled first (${short(first.id)})\nCancelled last (${short(last.id)})\n`,
    err: `skeduler: over (${short(over.id)}): An experiment that is FINISHED cannot become CANCELLED; possible is ENQUEUED.\n`,
  });
  assert.equal((await run("cancel", "first")).code, 0);

  // Of one that is not there only its id can be said; nothing else was refused, so the code is that of a missing one.
  const absent = "123e4567-e89b-12d3-a456-426614174000";
  assert.deepEqual(await run("retry", "first", absent, "last"), {
    code: 3,
    out: `Enqueued again: first (${short(first.id)})\nEnqueued again: last (${short(last.id)})\n`,
    err: `skeduler: There is no experiment ${absent}.\n`,
  });
});

test("show, hosts, cordon and activate go through all; drain --wait waits for those that are there", async () => {
  const one = await system.postScript("true", { name: "one", ...waiting });
  const two = await system.postScript("true", { name: "two", ...waiting });
  const unknown = `skeduler: There is no experiment with the id or the name "nobody": \`skeduler ls\` shows what there is.\n`;
  const shown = await run("show", "nobody", "one", "two");
  assert.deepEqual([shown.code, shown.err], [3, unknown]);
  assert.deepEqual(shown.out.match(/(?<=^Id: +)\S+$/gm), [one.id, two.id]);
  assert.match(shown.out, /^Name: +one\n[^]*\n\nName: +two\n/);

  const nowhere = 'skeduler: There is no host "nowhere".\n';
  const seen = await run("hosts", "nowhere", "many-host");
  assert.deepEqual([seen.code, seen.err], [3, nowhere]);
  assert.match(seen.out, /^Host: +many-host\n/);
  assert.deepEqual(await run("cordon", "nowhere", "many-host"), {
    code: 3,
    out: "many-host takes nothing new; what runs there goes on\n",
    err: nowhere,
  });
  assert.deepEqual(await run("drain", "--wait", "nowhere", "many-host"), {
    code: 3,
    out: "many-host takes nothing new and is to become empty\n",
    err: nowhere,
  });
  assert.deepEqual(await run("activate", "nowhere", "many-host"), {
    code: 3,
    out: "many-host takes experiments again\n",
    err: nowhere,
  });
});

test("retry --group enqueues again what failed of a sweep, and nothing else of it", async () => {
  const script = 'test "$1" = bad && exit 1; exit 0';
  const params = ["--param", "n=good,bad,gone", "--name", "swept", "--gpus", "0"];
  const made = await run("sweep", ...params, image, "--", "sh", "-c", script, "sh", "{{n}}");
  const ids = made.out.trimEnd().split("\n");
  for (const id of ids) await system.ended(id);
  await system.query(
    "update jobs set status = 'CANCELLED', result = jsonb_set(result, '{reason}', '\"user\"') where id = $1",
    [ids[2]],
  );
  await run("cordon", "many-host");
  assert.deepEqual(await run("retry", "--group", "swept"), {
    code: 0,
    out: `Enqueued again: swept n=bad (${ids[1]?.slice(0, 8) ?? ""})\n`,
    err: "",
  });
  assert.deepEqual(await run("retry", "--group", "swept"), {
    code: 0,
    out: "",
    err: "Nothing of this sweep has failed.\n",
  });
  await run("cancel", "--group", "swept");
  for (const verb of ["cancel", "retry"]) assert.equal((await run(verb)).code, 2);
});

test("--json is a value a line, whatever line breaks were posted, and keeps every digit", async () => {
  const metadata = '{\n  "text": "a\\nb  c",\n  "big": 12345678901234567890, "exact": 1.50\n}';
  const body = `{"name": "spread", "docker": {"image": "${image}"},\r\n"resources": {"host": "elsewhere"}, "metadata": ${metadata}}`;
  await system.json("/experiments", { method: "POST", body });
  const kept = /"text": "a\\nb  c",\s*"big": 12345678901234567890, "exact": 1\.50/;
  await run("cordon", "many-host");
  for (const words of [
    ["show", "spread"],
    ["ls", "--name", "spread"],
    ["cancel", "spread"],
    ["wait", "spread"],
    ["retry", "spread"],
    ["update", "spread", "--priority", "1"],
    ["enqueue", "-"],
  ]) {
    const { out, err } = await home.run([...words, "--json"], { stdin: body });
    assert.match(out, /^[^\r\n]+\n$/, `${words.join(" ")} ${err}`);
    assert.match(out, kept);
    JSON.parse(out);
  }
});

test("what is sent is compact", async () => {
  await run("enqueue", "--name", "sent", "--host", "elsewhere", "--metadata", '{"a": {"b": 1.50}}', image);
  const { rows } = await system.query("select metadata::text from jobs where name = 'sent'");
  assert.deepEqual(rows, [{ metadata: '{"a":{"b":1.50}}' }]);
});

test("what a validation error says of each fault stands below the sentence, unless the sentence says it", async () => {
  assert.match(
    (await run("ls", "--json", "-n", "100000")).err,
    /^skeduler: The query has something that is not possible; [^\n]+\n {2}limit: [^\n]*99999[^\n]*\n$/,
  );
  const bad = [
    "--set",
    "priority=x",
    "--set",
    "cpus=1",
    "--set",
    "name=1",
    "--set",
    "after=1",
    "--set",
    "time_limit=x",
  ];
  const { err } = await run("enqueue", image, ...bad);
  const [sentence = "", ...below] = err.trimEnd().split("\n");
  assert.ok(below.length > 0, err);
  for (const line of below) assert.ok(!sentence.includes(line.trim()), err);
  assert.match((await run("enqueue", image, "--set", "priority=x")).err, /^[^\n]*priority: [^\n]+\n$/);
});

test("on a terminal sweep says its id", async () => {
  const made = home.terminal(
    ["sweep", "--param", "n=1,2", "--name", "told", "--host", "elsewhere", image, "echo", "{{n}}"],
    {
      columns: 200,
    },
  );
  const [, id = ""] = await made.says(/Enqueued the sweep ([0-9a-f-]{36}): 2 experiments; `skeduler sweep show/);
  assert.match((await run("cancel", "--group", id)).out, /^Cancelled the sweep told: 2 /);
});

test("--after takes what other verbs take; names in a file are the server's", async () => {
  const { id } = await system.postScript("true", { name: "goes first", ...waiting });
  const after = ["--after", id.slice(0, 8), "--after", "goes first"];
  const made = await run("enqueue", "--json", ...after, "--name", "goes second", "--host", "elsewhere", image);
  assert.deepEqual((JSON.parse(made.out) as { after: string[] }).after, [id], made.err);
  const unknown = await run("run", "--after", "nobody", image);
  assert.deepEqual([unknown.code, unknown.out], [3, ""]);
  assert.match(unknown.err, /no experiment with the id or the name "nobody"/);
  const dry = await home.run(["enqueue", "--dry-run", ...after, image], {
    env: { SKEDULER_HOST: "http://127.0.0.1:1", SKEDULER_TOKEN: "t" },
  });
  assert.deepEqual((JSON.parse(dry.out) as { after: string[] }).after, [id.slice(0, 8), "goes first"]);
  const docker = { image };
  const pair = [
    { name: "left", docker, ...waiting },
    { name: "right", docker, after: ["left"], ...waiting },
  ];
  const both = await home.run(["enqueue", "-"], { stdin: JSON.stringify(pair) });
  assert.equal(both.code, 0, both.err);
  await run("cancel", "goes first", "left");
});

test("what an experiment waits for may have any name: a terminal obeys none", async () => {
  const first = await system.postScript("true", { name: "\x1b[2Jfirst", ...waiting });
  const { id } = await system.postScript("true", { name: "waits", after: [first.id], ...waiting });
  const { out } = await run("show", id);
  assert.match(out, /^Waits: .*·\[2Jfirst/m);
  assert.ok(!out.includes("\x1b"));
  await run("cancel", first.id);
});
