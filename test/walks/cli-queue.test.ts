// The verbs about the queue and the hosts: sweeps, waiting, why, cordons, what shells are proposed, and the views that stay.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { after, before, test } from "node:test";
import { Home, type Ended } from "../support/cli.ts";
import { image, System, token } from "../support/system.ts";

let system: System;
let home: Home;
before(async () => {
  system = await System.start();
  await system.addRunner("queue-host", { SKEDULER_RUNNER_STOP_GRACE: "1s" });
  home = new Home({ url: system.url, token });
});
after(async () => {
  home[Symbol.dispose]();
  await system[Symbol.asyncDispose]();
});

const run = async (...words: string[]): Promise<Ended> => home.run(words);

test("a sweep is made, waited for and counted; wait ends with what went wrong", async () => {
  const script = 'test "$1" != 2';
  const made = await run(
    "sweep",
    "--param",
    "n=1,2",
    "--name",
    "swept",
    image,
    "--",
    "sh",
    "-c",
    script,
    "sh",
    "{{n}}",
  );
  assert.equal(made.code, 0, made.err);
  const ids = made.out.trimEnd().split("\n");
  assert.equal(ids.length, 2);
  const waited = await run("wait", "--group", "swept");
  assert.deepEqual([waited.code, waited.out], [1, "swept: 1 of 2 succeeded, 1 failed, 0 cancelled\n"], waited.err);
  const each = await run("wait", ids[0] ?? "", ids[1] ?? "", "--json");
  assert.equal(each.code, 1);
  assert.equal(each.out.trimEnd().split("\n").length, 2);
  assert.match(
    (await run("sweep", "show", "swept")).out,
    /^ID +NAME [^]*swept n=1 +FINISHED +exit 0[^]*swept n=2 +FINISHED +exit 1/,
  );
  assert.match((await run("sweep", "ls")).out, / swept +0 +0 +1 +1 +0 +token-1 /);
  assert.equal((await run("sweep", image, "true")).code, 2);
});

test("why says what each host lacks; wait gives up after --timeout; cordon, drain and activate change a host", async () => {
  const { id } = await system.postScript("true", { name: "stuck", resources: { host: "elsewhere" } });
  const why = await run("why", "stuck");
  assert.match(why.out, /^No registered host could ever run it[^]*\nHOST +FITS +RULE +WHY\nqueue-host +no +host +/);
  const short = await run("wait", "stuck", "--timeout", "200ms");
  assert.deepEqual([short.code, short.out], [124, ""]);
  assert.match(short.err, /has not ended after 200ms/);
  assert.match((await run("cordon", "queue-host", "--reason", "new fans")).out, /^queue-host takes nothing new/);
  assert.match((await run("hosts")).out, /queue-host +cordoned .* new fans\n$/);
  assert.equal((await run("drain", "queue-host", "--wait")).code, 0);
  assert.match((await run("hosts", "queue-host")).out, /State: +draining \(by token-1\)/); // a reason lasts until the next change
  assert.match((await run("activate", "queue-host", "--json")).out, /"state" : "active"/);
  assert.match((await run("__complete", "logs", "stu")).out, /^stuck$/m);
  assert.equal((await run("__complete", "cordon", "")).out, "queue-host\n");
  await system.put(id, { status: "CANCELLED" });
});

test("ls --watch --json gives each experiment, and again what changes", async () => {
  const { id } = await system.postScript("true", { name: "watched", resources: { host: "elsewhere" } });
  const watch = home.start(["ls", "--watch", "--json", "--name", "watched"]);
  await watch.says(/"status":"ENQUEUED"/);
  await system.put(id, { status: "CANCELLED" });
  await watch.says(/"status":"CANCELLED"/);
  watch.child.kill("SIGINT");
  await watch.ended;
  const lines = watch.out.trimEnd().split("\n");
  assert.deepEqual(
    lines.map((line) => (JSON.parse(line) as { status: string }).status),
    ["ENQUEUED", "CANCELLED"],
  );
});

test("ls --watch -n begins with the newest so many, and -q says ids alone: then what changes, however old", async () => {
  const made: string[] = [];
  for (const name of ["oldest", "older", "newer", "newest"])
    made.push((await system.postScript("true", { name, resources: { host: "elsewhere" } })).id);
  const [oldest = "", older = "", newer = "", newest = ""] = made;
  await system.put(oldest, { priority: 1 }); // a change from before anybody watches
  const watch = home.start(["ls", "--watch", "-q", "-n", "2"]);
  await watch.says(new RegExp(newest));
  await system.put(older, { priority: 1 });
  await watch.says(new RegExp(older));
  watch.child.kill("SIGINT");
  await watch.ended;
  assert.deepEqual(watch.out.trimEnd().split("\n"), [newer, newest, older]);
  for (const id of made) await system.put(id, { status: "CANCELLED" });
});

test("top fills the screen, follows its size and the queue, and gives the terminal back", async () => {
  const { id } = await system.postScript("true", { name: "in the view of all", resources: { host: "elsewhere" } });
  const top = home.terminal(["top"], { columns: 100, rows: 20 });
  await top.says(/\x1b\[\?1049h[^]*in the view of all/);
  const [, tty = ""] = await top.says(/tty=(\S+)/);
  let seen = top.out.length;
  execFileSync("stty", ["-F", tty, "cols", "40", "rows", "12"]);
  // stty sets one after the other, and each is a signal: the frame of both fits both.
  for (let fits = false; !fits;) {
    await top.says(/\x1b\[\?2026l/, seen);
    const frame = top.out.slice(seen).split("\x1b[?2026l")[0] ?? "";
    seen += frame.length + "\x1b[?2026l".length;
    const lines = frame.split("\n").map((line) => line.replaceAll(/\x1b\[[\d;?]*[a-zA-Z]|\r/g, ""));
    fits = lines.length <= 12 && lines.every((line) => line.length <= 40);
  }
  await system.put(id, { status: "CANCELLED" });
  await top.says(/Ended last[^]*in the/, seen);
  top.type("q");
  assert.equal(await top.ended, 0);
  assert.ok(top.out.trimEnd().endsWith("\x1b[?25h\x1b[?1049l"));
  for (const words of [["top"], ["ls", "--watch"]]) {
    const live = home.terminal(words);
    await live.says(/in the view of all/);
    live.type("\x03");
    assert.equal(await live.ended, 130);
    assert.ok(live.out.trimEnd().endsWith("\x1b[?25h\x1b[?1049l"));
  }
  const once = await run("top");
  assert.equal(once.code, 0);
  assert.ok(!once.out.includes("\x1b"));
});

test("what a host has is shown so that it can be asked for", async () => {
  await system.query(
    `with h as (insert into skeduler.hosts (name, engine_id, slots, cpus, memory_bytes, version, gpus)
       values ('sold-as-80', 'none', 1, 1, 1024::bigint ^ 3 * 64 - 1, 'x', $1) returning name)
     insert into skeduler.heartbeats (host) select name from h`,
    [JSON.stringify([{ uuid: "GPU-h100", index: 0, name: "NVIDIA H100 80GB HBM3", memoryMiB: 81559 }])],
  );
  const shown = (await run("hosts", "sold-as-80")).out;
  assert.match(shown, /^Has: +1 CPUs, 63\.9GiB, 1 GPUs$/m);
  assert.match(shown, /^ +0 +NVIDIA H100 80GB HBM3 +79\.6GiB/m);
  const ask = async (size: string): Promise<string> => {
    const resources = { host: "sold-as-80", gpu_memory: size, cpus: 2 }; // too many: it never starts
    const { id } = await system.postScript("true", { resources });
    const { out } = await run("why", id);
    await system.put(id, { status: "CANCELLED" });
    return out;
  };
  assert.match(await ask("80GiB"), /: sold-as-80 has no GPU with ≥ 80 GiB: the largest has 79\.6 GiB\.$/m);
  for (const size of ["80GB", "79.6GiB"]) assert.match(await ask(size), /: sold-as-80 needs 2 CPUs, has 1\.$/m);
  await system.query("delete from skeduler.hosts where name = 'sold-as-80'");
});
