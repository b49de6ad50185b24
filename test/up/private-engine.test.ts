// Finding an Engine, and one of our own from start to stop: what is found, what is said, and that nothing is left.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { connectEngine } from "../../runtime/docker/engine.ts";
import { findEngine } from "../../runtime/up/find-engine.ts";
import { startPrivateEngine } from "../../runtime/up/private-engine.ts";
import { provideEngine, type ProvidedEngine } from "../../runtime/up/provide-engine.ts";
import { makeSampleImage } from "../../runtime/up/sample-image.ts";
import { rootOnly } from "../support/root-only.ts";
import { image } from "../support/system.ts";

const running = process.env["DOCKER_HOST"] ?? "";

test("the named Engine is found, or told as not answering and never replaced by another", async () => {
  assert.deepEqual(await findEngine(running), { host: running });
  const found = await findEngine("unix:///nowhere/docker.sock");
  assert.ok("none" in found);
  assert.equal(found.installed, true);
  assert.match(found.reason, /that the configuration names, unix:\/\/\/nowhere\/docker\.sock, does not answer/);
});

/** What `up --no-provision` uses where no Engine is named. */
async function provideNone(folder: string): Promise<ProvidedEngine> {
  delete process.env["DOCKER_HOST"];
  const never = async (): Promise<never> => Promise.reject(new Error("nothing is to be asked"));
  try {
    return await provideEngine({ folder, log: () => undefined, provision: false, confirm: never });
  } finally {
    process.env["DOCKER_HOST"] = running;
  }
}

/** Bridges, mounts, processes and rules of the machine that carry one of these words. */
function tracesOf(words: readonly string[]): string[] {
  const processes = readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .map((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, "latin1").replaceAll("\0", " ");
      } catch {
        return ""; // gone
      }
    });
  const rules = execFileSync("iptables-save", { encoding: "utf8" }).split("\n");
  const mounts = readFileSync("/proc/self/mounts", "utf8").split("\n");
  return [...processes, ...rules, ...mounts, ...readdirSync("/sys/class/net")].filter((line) =>
    words.some((word) => line.includes(word)),
  );
}

test(
  "a private Engine runs a container, is found again, and its stop leaves nothing",
  rootOnly("have a Docker Engine of its own"),
  async () => {
    const folder = mkdtempSync(join(tmpdir(), "skeduler-engine-"));
    const log = (): void => undefined;
    const engine = await startPrivateEngine({ folder, log });
    try {
      const hash = /skeduler-([0-9a-f]{8})/.exec(engine.host)?.[1] ?? "";
      const words = [`skd-${hash}`, `skeduler-${hash}`, folder];
      assert.ok(tracesOf(words).length > 0);
      const environment = readFileSync(`/proc/${engine.pid}/environ`, "latin1").split("\0");
      const { GOMAXPROCS = Math.max(8, availableParallelism()), GOGC = 400 } = process.env;
      for (const set of [`GOMAXPROCS=${GOMAXPROCS}`, `GOGC=${GOGC}`]) assert.ok(environment.includes(set), set);
      assert.equal((await startPrivateEngine({ folder, log })).host, engine.host);
      await makeSampleImage(engine.host);
      const { docker } = connectEngine(engine.host);
      const container = await docker.createContainer({ Image: image, Cmd: ["sleep", "600"] });
      await container.start();
      assert.equal((await container.inspect()).State.Running, true);
      // Without provision it is used where it lives, and neither stopped with us nor started.
      assert.deepEqual(await provideNone(folder), { host: engine.host });
      await engine.stop();
      assert.notDeepEqual(await provideNone(folder).catch(() => undefined), { host: engine.host });
      assert.deepEqual(tracesOf(words), []);
      assert.equal(existsSync(`/run/skeduler-${hash}`), false);
      assert.equal(existsSync(join(folder, "data")), true);
    } finally {
      await engine.stop();
      rmSync(folder, { recursive: true, force: true });
    }
  },
);
