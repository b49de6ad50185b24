// While no runner follows a container, Docker drops the oldest lines of its log: the log says so at once, and has all that is left.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type Docker from "dockerode";
import { containerName } from "../../runtime/docker/container-options.ts";
import { connectEngine } from "../../runtime/docker/engine.ts";
import { untilLogEndsWith } from "../support/docker-log.ts";
import { System } from "../support/system.ts";

const { docker } = connectEngine();
const bound = { SKEDULER_RUNNER_LOG_MAX_SIZE: "64KiB" };
let system: System;
before(async () => {
  system = await System.start();
});
after(async () => system[Symbol.asyncDispose]());

const containerOf = (attempt: string): Docker.Container => docker.getContainer(containerName(attempt));

async function touch(attempt: string, file: string): Promise<void> {
  const exec = await containerOf(attempt).exec({ Cmd: ["touch", `/tmp/${file}`] });
  await exec.start({});
}

const untilFile = (file: string): string => `while [ ! -e /tmp/${file} ]; do sleep 0.05; done`;
const print = (word: string, count: number): string => `for n in $(seq ${count}); do echo "${word} $n"; done`;
const numbered = (word: string, from: number, to: number): string =>
  Array.from({ length: to - from + 1 }, (_, n) => `${word} ${from + n}\n`).join("");

// The first leaves more entries in Docker's log than were stored, the second fewer.
for (const [early, later, word] of [
  [50, 20_000, "later"],
  [1_000, 400, "later".padEnd(2_000, ".")],
] as const) {
  test(`${early} lines are stored, then ${later} are printed while no runner lives`, async () => {
    await system.addRunner("keeper", bound);
    const { id } = await system.postScript(
      `${print("early", early)}; ${untilFile("go")}; ${print(word, later)}; ${untilFile("end")}; echo live`,
    );
    await system.logged(id, `early ${early}\n`);
    await system.runners.pop()?.close();
    const attempt = (await system.get(id)).attempt?.id ?? "";
    await touch(attempt, "go");
    await untilLogEndsWith(containerOf(attempt), `${word} ${later}\n`);
    await system.addRunner("keeper", bound);
    await system.logged(id, `${word} ${later}\n`);
    await touch(attempt, "end");
    assert.equal((await system.ended(id)).status, "FINISHED");
    await system.runners.pop()?.close();
    const log = (await system.log(id, "?stream=stdout")).toString();
    const first = Number(new RegExp(`^${word.replaceAll(".", "\\.")} (\\d+)$`, "m").exec(log)?.[1]);
    assert.ok(first > 1);
    assert.equal(log, `${numbered("early", 1, early)}${numbered(word, first, later)}live\n`);
    const gaps =
      /^\[skeduler\] Docker has dropped the oldest lines of its own log: lines from \S+Z to \S+Z may be missing\.$/gm;
    const whole = (await system.log(id)).toString();
    assert.equal(whole.match(gaps)?.length, 1);
    assert.ok(whole.indexOf("may be missing") < whole.indexOf(`${word} ${first}\n`));
  });
}
