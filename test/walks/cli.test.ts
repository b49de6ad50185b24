// The command line on pipes against a whole system: what it prints, how it ends, and that it asks the server for no more.

import assert from "node:assert/strict";
import { statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { Home, type Ended } from "../support/cli.ts";
import { image, System, token } from "../support/system.ts";

let system: System;
let home: Home;
before(async () => {
  system = await System.start();
  await system.addRunner("cli-host");
  home = new Home({ url: system.url, token });
});
after(async () => {
  home[Symbol.dispose]();
  await system[Symbol.asyncDispose]();
});

const run = async (...words: string[]): Promise<Ended> => home.run(words);
const good = async (...words: string[]): Promise<string> => {
  const { code, out, err } = await run(...words);
  assert.equal(code, 0, err);
  return out;
};

test("enqueue by flags reaches every field; show and --json say them back", async () => {
  const flags =
    '--name flagged --description d --metadata {"big":12345678901234567890} -e A=1 -e HOME --secret KEY=other --workdir /tmp --user 0:0 -g 0 --cpus 0.5 --memory 64MiB --shm-size 1MiB --host nowhere* --host other -p -3 --time-limit 1h --time-limit-warning 5m:SIGTERM --retries 2 --retry-on exited --retry-backoff 1s --set docker.entrypoint=sh'.split(
      " ",
    );
  const dry = await good("enqueue", ...flags, image, "--dry-run", "--", "-c", "echo --name 'two words'");
  assert.match(dry, /"big": 12345678901234567890/);
  assert.equal(await good("run", ...flags, image, "--dry-run", "--", "-c", "echo --name 'two words'"), dry);
  const { out } = await run("enqueue", "--json", ...flags, image, "--", "-c", "echo --name 'two words'");
  const made = JSON.parse(out) as Record<string, unknown>;
  assert.match(out, /12345678901234567890/);
  assert.deepEqual(made["docker"], {
    image,
    command: `-c 'echo --name '"'"'two words'"'"`,
    environment: { A: "1", HOME: home.folder, KEY: { secret: "other" } },
    workdir: "/tmp",
    user: "0:0",
    entrypoint: "sh",
  });
  assert.deepEqual(made["resources"], {
    gpus: 0,
    cpus: 0.5,
    memory: "64MiB",
    shm_size: "1MiB",
    host: ["nowhere*", "other"],
  });
  assert.deepEqual(
    [made["priority"], made["time_limit"], made["time_limit_warning"], made["retries"]],
    [-3, "1h", { before: "5m", signal: "SIGTERM" }, { count: 2, on: ["exited"], backoff: "1s" }],
  );
  const id = String(made["id"]);
  await good("cancel", id);
  const shown = await good("show", id.slice(0, 8));
  assert.match(shown, /^Name: +flagged\nId: +[0-9a-f-]{36}\nStatus: +CANCELLED: Cancelled by token-1/);
  assert.match(shown, /Metadata: +\{"big":12345678901234567890\}/);
});

test("a file is JSON or YAML, stdin too, with flags over it; several documents are several experiments", async () => {
  const yaml = join(home.folder, "two.yaml");
  writeFileSync(
    yaml,
    `name: one\ndocker: {image: "${image}", command: "echo 1"}\nmetadata: {n: 98765432109876543210}\n---\nname: two\ndocker: {image: "${image}"}\n`,
  );
  const { out } = await run("enqueue", yaml, "--json", "--priority", "5", "--host", "nowhere");
  const made = JSON.parse(out) as { name: string; priority: number }[];
  assert.deepEqual(
    made.map(({ name, priority }) => [name, priority]),
    [
      ["one", 5],
      ["two", 5],
    ],
  );
  assert.match(out, /98765432109876543210/);
  // Sent as it is written: not even the order of numeric keys changes.
  const json = `{"docker":{"image":"${image}"},"name":"asis","metadata":{"b":1.50,"2":0,"1":0},"resources":{"host":"nowhere"}}`;
  const piped = await home.run(["e", "-", "--json"], { stdin: json });
  assert.match(piped.out, /\{"b":1\.50,"2":0,"1":0\}/, piped.err);
  await good("cancel", "one", "two", "asis");
  const broken = await home.run(["enqueue", "-"], { stdin: '{"name": ' });
  assert.deepEqual([broken.code, broken.out], [1, ""]);
  assert.match(broken.err, /^skeduler: stdin is not JSON: /);
});

test("run shows the log and ends with the exit code; the server's refusals and unknown names have codes of their own", async () => {
  const ran = await run(
    "run",
    "--name",
    "ran",
    "--stream",
    "stdout",
    image,
    "sh",
    "-c",
    "echo out; echo err >&2; exit 7",
  );
  assert.deepEqual([ran.code, ran.out], [7, "out\n"], ran.err);
  // How it ended is said once: by the log's last line, or on stderr where that is not shown.
  const gone = await run("run", "--name", "gone", image, "no-such-program");
  assert.equal(gone.code, 125);
  assert.match(gone.err, /^Enqueued gone \([0-9a-f]{8}\)\n/);
  assert.match(gone.out, /\n\[skeduler\] The command could not be started: .*no-such-program.*\n$/);
  assert.ok(!gone.err.includes("no-such-program"), gone.err);
  const unseen = await run("run", "--stream", "stdout", image, "no-such-program");
  assert.equal(unseen.out, "");
  assert.match(unseen.err, /\nThe command could not be started: .*no-such-program.*\n$/);
  assert.equal(await good("logs", "ran", "--stream", "stderr"), "err\n");
  assert.match(await good("logs", "ran", "--timestamps", "--tail", "1", "--since", "1h"), /^\S{30} \[skeduler\] Ended/);
  const [row] = (await good("ls", "--name", "ran")).split("\n").slice(1);
  assert.match(row ?? "", /^[0-9a-f]{8} +ran +FINISHED +exit 7 +- +cli-host +token-1 +\d+s( +\d+s)?$/);
  const refusals: [words: string[], code: number, sentence: RegExp][] = [
    [["show", "nobody"], 3, /no experiment with the id or the name "nobody": `skeduler ls`/],
    [["cancel", "ran"], 1, /FINISHED cannot become CANCELLED/],
    [["enqueue"], 2, /Say what to run/],
    [["enqueue", "--gpus", "many", image], 2, /whole number/],
    [["api", "/nowhere"], 1, /^$/],
    [["hosts", "nowhere"], 3, /no host "nowhere"/],
  ];
  await Promise.all(
    refusals.map(async ([words, code, sentence]) => {
      const ended = await run(...words);
      assert.equal(ended.code, code, words.join(" "));
      assert.match(ended.err, sentence);
    }),
  );
});

test("an experiment is named by the beginning of its id or by its name, the newest; what could be two is refused", async () => {
  const older = await system.postScript("true", { name: "twin", resources: { host: "nowhere" } });
  const newer = await system.postScript("true", { name: "twin", resources: { host: "nowhere" } });
  const impostor = await system.postScript("true", { name: older.id.slice(0, 8), resources: { host: "nowhere" } });
  assert.match(await good("show", "twin", "--json"), new RegExp(`"id" : "${newer.id}"`));
  assert.match(await good("s", older.id.slice(0, 13)), new RegExp(older.id));
  const ambiguous = await run("cancel", older.id.slice(0, 8));
  assert.equal(ambiguous.code, 1);
  assert.match(ambiguous.err, new RegExp(`${older.id} \\(twin\\), ${impostor.id}`));
  assert.match(await good("u", "twin", "--description", "newer", "--metadata", "[1]"), /^Updated twin/);
  const updated = await system.get(newer.id);
  assert.deepEqual([updated.description, updated.metadata], ["newer", [1]]);
  await good("cancel", older.id, newer.id, impostor.id);
  // A name that looks like the beginning of an id, and is none.
  const hexadecimal = await system.postScript("true", { name: "face-12", resources: { host: "nowhere" } });
  assert.match(await good("cancel", "face-12", "--json"), new RegExp(hexadecimal.id));
  assert.match(await good("retry", newer.id, "--json"), /"status" : "ENQUEUED"/);
  await good("cancel", newer.id);
});

test("without a login it says how; contexts are kept for their user alone, and used", async () => {
  using fresh = new Home();
  const none = await fresh.run(["ls"]);
  assert.deepEqual([none.code, none.out], [4, ""]);
  assert.match(none.err, /skeduler login/);
  writeFileSync(join(fresh.folder, ".skeduler.json"), JSON.stringify({ host: system.url, token }));
  assert.equal((await fresh.run(["api", "/experiments?limit=1"])).code, 0);
  const wrong = await fresh.run(["login", system.url], { stdin: "nonsense\n" });
  assert.deepEqual([wrong.code, wrong.out], [4, ""], wrong.err);
  assert.equal((await fresh.run(["login", system.url, "--name", "lab"], { stdin: `${token}\n` })).code, 0);
  const file = join(fresh.folder, ".config/skeduler/contexts.json");
  assert.equal(statSync(file).mode & 0o777, 0o600);
  assert.deepEqual(JSON.parse((await fresh.run(["context", "ls", "--json"])).out), [
    { name: "lab", host: system.url, current: true },
  ]);
  assert.equal((await fresh.run(["hosts", "--json"])).code, 0);
  // A token never goes to another server than its own.
  const elsewhere = await fresh.run(["ls"], { env: { SKEDULER_HOST: "http://127.0.0.1:1" } });
  assert.equal(elsewhere.code, 4);
  const down = await fresh.run(["ls"], { env: { SKEDULER_HOST: "http://127.0.0.1:1", SKEDULER_TOKEN: "t" } });
  assert.equal(down.code, 5);
  assert.match(down.err, /ECONNREFUSED, nothing listens there/);
  assert.equal((await fresh.run(["logout"])).code, 0);
  assert.equal((await fresh.run(["ls", "--context", "lab"])).code, 1);
});

test("ten thousand come as they are, and a reader that leaves ends it quietly", async () => {
  await system.query(
    `insert into jobs (name, description, docker_image, docker_command, docker_environment, status)
       select 'bulk ' || n, '', 'i', '', '{}', 'FINISHED' from generate_series(1, 10000) n`,
  );
  const listed = await good("ls", "--status", "FINISHED");
  const lines = listed.trimEnd().split("\n");
  assert.ok(lines.length > 10_000);
  assert.match(lines.at(-1) ?? "", / bulk 10000 /);
  assert.equal((await good("ls", "-q", "-n", "3")).split("\n").length, 4);
  const whole = JSON.parse(await good("ls", "--json")) as { name: string }[];
  assert.equal(whole.at(-1)?.name, "bulk 10000");
  // Completion knows the newest; of what is older, what begins so and what is called so.
  const { id } = JSON.parse(await good("show", "flagged", "--json")) as { id: string };
  assert.equal(await good("__complete", "show", id.slice(0, 5)), `${id.slice(0, 8)}\n`);
  assert.equal(await good("__complete", "show", id.slice(0, 10)), `${id}\n`);
  assert.equal(await good("__complete", "run", "--after", "flagged"), "flagged\n");
  const piped = home.start(["ls"]);
  piped.child.stdout.once("data", () => piped.child.stdout.destroy());
  assert.equal(await piped.ended, 141);
  assert.equal(piped.err, "");
});
