// What npm test does at its end, on an Engine that others use too: it removes what its own installations left, and nothing else.

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { test } from "node:test";
import { connectEngine } from "../../runtime/docker/engine.ts";
import { notedInstallations, removeLeftContainers } from "../support/installations.ts";
import { image, System } from "../support/system.ts";

const { docker } = connectEngine();

test("what an installation of the run left is named and removed; a user's installation is not touched", async () => {
  await using system = await System.start();
  const { rows } = await system.query("select id::text as id from skeduler.installation");
  const ours = String(rows[0]?.["id"]);
  const foreign = randomUUID();
  const noted = notedInstallations(process.env["SKEDULER_TEST_RUN"] ?? "");
  assert.deepEqual([noted.has(ours), noted.has(foreign)], [true, false]);
  const leave = async (installation: string) => {
    const Labels = { "skeduler.installation": installation, "skeduler.host": "left" };
    return docker.createContainer({ name: `left-${installation}`, Image: image, Cmd: ["true"], Labels });
  };
  const kept = await leave(foreign);
  try {
    await leave(ours);
    const said = await removeLeftContainers(process.env["DOCKER_HOST"] ?? "", new Set([ours]));
    assert.deepEqual(said, [`the container /left-${ours} of the host left was left behind`]);
    const all = await docker.listContainers({ all: true, filters: { label: ["skeduler.host=left"] } });
    assert.deepEqual(
      all.map(({ Id }) => Id),
      [kept.id],
    );
  } finally {
    await kept.remove();
  }
});
