// Logs followed by the command line: through restarts of the server without a line lost or doubled, and on a terminal, where
// waiting says why and Ctrl-C leaves or cancels.

import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { Home } from "../support/cli.ts";
import { image, System, token } from "../support/system.ts";

let system: System;
let home: Home;
let listen: string;
before(async () => {
  system = await System.start();
  await system.addRunner("follow-host", {
    SKEDULER_RUNNER_SLOTS: "3",
    SKEDULER_RUNNER_STOP_GRACE: "1s",
    SKEDULER_CONTAINER_MOUNTS: system.folder,
  });
  home = new Home({ url: system.url, token });
  listen = new URL(system.url).host;
});
after(async () => {
  home[Symbol.dispose]();
  await system[Symbol.asyncDispose]();
});

/** The API goes and comes back under the same address. */
async function restart(): Promise<void> {
  await system.apis.pop()?.close();
  await system.addApi({ SKEDULER_HTTP_LISTEN: listen });
}

test("logs -f and run go on through a restart, with timestamps too, and end with the experiment", async () => {
  const script = "seq 1 20000; echo half; while ! test -e /flags/go; do sleep 0.1; done; seq 20001 40000; printf end";
  const expected = `${Array.from({ length: 20_000 }, (_, n) => n + 1).join("\n")}\nhalf\n${Array.from({ length: 20_000 }, (_, n) => n + 20_001).join("\n")}\nend`;
  const { id } = await system.post(
    { command: `sh -c '${script}'`, volumes: [`${system.folder}:/flags`] },
    { name: "followed" },
  );
  await system.logged(id, "half\n");
  const plain = home.start(["logs", "-f", "--stream", "stdout", "followed"]);
  const timed = home.start(["logs", "-f", "--stream", "stdout", "--timestamps", id]);
  const tailed = home.start(["logs", "-f", "--stream", "stdout", "--tail", "1", id]);
  await Promise.all([plain.says(/half\n$/), timed.says(/half\n$/), tailed.says(/half\n$/)]);
  await restart();
  writeFileSync(join(system.folder, "go"), "");
  assert.deepEqual(await Promise.all([plain.ended, timed.ended, tailed.ended]), [0, 0, 0], plain.err + timed.err);
  assert.equal(plain.out, expected);
  assert.equal(timed.out.replaceAll(/^\d{4}-\S{25} /gm, ""), expected);
  assert.equal(timed.out, (await system.log(id, "?stream=stdout&timestamps=1")).toString());
  assert.equal(tailed.out, expected.slice(expected.indexOf("half")));
  assert.match(plain.err, /^skeduler: (The connection was cut\.|.* cannot be reached: .*) Trying again…\n$/);
});

test("on a terminal run says why it waits; Ctrl-C leaves it waiting and says how to come back", async () => {
  const talk = home.terminal(["run", "--name", "patient", "--host", "nowhere", image, "true"]);
  await talk.says(/waiting as number 1 in the line: /);
  talk.type("\x03");
  await talk.says(/patient goes on\. `skeduler logs -f [0-9a-f]{8}` comes back to it/);
  assert.equal(await talk.ended, 130);
  const left = await home.run(["show", "patient", "--json"]);
  assert.equal((JSON.parse(left.out) as { status: string }).status, "ENQUEUED");
  await home.run(["cancel", "patient"]);
});

test("Ctrl-C twice cancels what runs; its log was shown in colour, our own lines dimmed", async () => {
  const talk = home.terminal(["run", "--name", "stopped", image, "sh", "-c", "echo started; sleep 60"]);
  await talk.says(/started\r\n/);
  assert.match(talk.out, /\x1b\[2m\[skeduler\] attempt 1 on host follow-host\x1b\[22m/);
  const before = talk.out.length;
  talk.type("\x03");
  await talk.says(/goes on/, before);
  // Two within 300 ms count as one; a hasty user types more.
  const typing = setInterval(() => talk.type("\x03"), 100);
  await talk.says(/Cancelled stopped\./, before).finally(() => clearInterval(typing));
  assert.equal(await talk.ended, 130);
  const left = await home.run(["show", "stopped", "--json"]);
  assert.equal((JSON.parse(left.out) as { status: string }).status, "CANCELLED");
});

test("tables fit the terminal and are coloured there alone; names cannot move the cursor", async () => {
  const { id } = await system.postScript("true", {
    name: `\x1b[2J${"long ".repeat(30)}`,
    resources: { host: "nowhere" },
  });
  const narrow = home.terminal(["ls"], { columns: 60 });
  await narrow.ended;
  const lines = narrow.out.split("\r\n").slice(1, -1);
  for (const line of lines) assert.ok(line.replaceAll(/\x1b\[\d+m/g, "").length <= 60, line);
  assert.match(narrow.out, /\x1b\[33mENQUEUED/);
  assert.ok(!narrow.out.includes("\x1b[2J"));
  assert.match(narrow.out, /long…|lo…|l…|…/);
  assert.ok(!(await home.run(["ls"])).out.includes("\x1b["));
  assert.match((await home.run(["ls"], { env: { FORCE_COLOR: "1" } })).out, /\x1b\[33m/);
  const plain = home.terminal(["ls"], { env: { NO_COLOR: "1" } });
  await plain.ended;
  assert.ok(!plain.out.includes("\x1b["));
  await system.put(id, { status: "CANCELLED" });
});

test("where there is no log, stderr says why: it waits, or how it ended without having begun", async () => {
  const { id } = await system.postScript("true", { name: "unborn", resources: { host: "nowhere" } });
  const dependant = await system.postScript("true", { name: "bereft", after: [id] });
  const waits = await home.run(["logs", "unborn"]);
  assert.deepEqual([waits.code, waits.out], [0, ""]);
  assert.match(waits.err, /^waiting as number 1 in the line: No registered host could ever run it[^\n]+\n$/);
  const followed = home.start(["logs", "-f", "unborn"]);
  await followed.says(/^skeduler: waiting: No registered host could ever run it[^\n]+\n$/);
  await system.put(id, { status: "CANCELLED" });
  assert.equal(await followed.ended, 0);
  assert.equal(followed.out, "");
  assert.match(followed.err, /^skeduler: waiting: [^\n]+\nCancelled by token-1 while it waited\.\n$/);
  const { result } = await system.ended(dependant.id);
  for (const words of [
    ["logs", "bereft"],
    ["logs", "-f", "bereft"],
  ])
    assert.deepEqual(await home.run(words), { code: 0, out: "", err: `${result?.message ?? "?"}\n` });
  // Of a log that is there, a part without a line is just that.
  const ran = await system.postScript("true", { name: "quiet" });
  await system.ended(ran.id);
  assert.deepEqual(await home.run(["logs", "quiet", "--stream", "stderr"]), { code: 0, out: "", err: "" });
});

test("on a terminal how it ended stands below a last line without a newline", async () => {
  const words = ["run", "--name", "open", "--stream", "stdout", image, "sh", "-c", "printf last; exit 3"];
  const talk = home.terminal(words, { env: { NO_COLOR: "1" } });
  assert.equal(await talk.ended, 3);
  assert.match(talk.out, /last\r\n[^\r\n]+3[^\r\n]*\r\n$/);
});

test("show says that a cancelled one is being stopped, and has its end when it has ended", async () => {
  await system.addRunner("slow-host", {
    SKEDULER_RUNNER_STOP_GRACE: "1m",
    SKEDULER_CONTAINER_MOUNTS: system.folder,
  });
  const script =
    'trap "until test -e /flags/let-go; do sleep 0.1; done; exit" TERM; echo up; while :; do sleep 0.1; done';
  const { id } = await system.post(
    { command: `sh -c '${script}'`, volumes: [`${system.folder}:/flags`] },
    {
      name: "slow",
      resources: { host: "slow-host" },
      retries: 2,
      time_limit: "1h",
      time_limit_warning: "5m",
      notify: [],
    },
  );
  await system.logged(id, "up\n");
  await system.put(id, { status: "CANCELLED" });
  const stopping = (await home.run(["show", "slow"])).out;
  assert.match(stopping, /^Still: +being stopped on slow-host$/m);
  assert.match(stopping, /^Ran: /m);
  assert.doesNotMatch(stopping, /^Ended: /m);
  writeFileSync(join(system.folder, "let-go"), "");
  const { attempt } = await system.ended(id);
  const ended = (await home.run(["show", "slow"])).out;
  assert.doesNotMatch(ended, /^Still: /m);
  const time = new Date(attempt?.ended_at ?? "").toLocaleString("sv-SE");
  assert.match(ended, new RegExp(`^Ended: .*\\(${time}\\)$`, "m"));
  assert.match(ended, /^Time limit: +1h\nWarning: +SIG[A-Z0-9]+, 5m before$/m);
  assert.match(ended, /^Retries: +2 for host_lost, engine, image; the first after 10s$/m);
  assert.match(ended, /^Notify: +nobody$/m);
});
