// Sweeps: one POST, many experiments, all or none; listed, watched and cancelled as a group.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { z } from "zod";
import { image, System, type Experiment } from "../support/system.ts";

let system: System;
before(async () => {
  system = await System.start();
  await system.addRunner("sweep", { SKEDULER_RUNNER_STOP_GRACE: "1s" });
});
after(async () => system[Symbol.asyncDispose]());

type Member = Experiment & { group: string; combination: Record<string, unknown> };

async function send(
  path: string,
  method: string,
  body: string | object,
  headers: Record<string, string> = {},
): Promise<{ status: number; text: string }> {
  const text = typeof body === "string" ? body : JSON.stringify(body);
  const response = await system.fetch(path, { method, body: text, headers });
  return { status: response.status, text: await response.text() };
}

async function postSweep(body: string | object): Promise<{ group: string; experiments: Member[] }> {
  const { status, text } = await send("/experiments", "POST", body);
  assert.equal(status, 200, text);
  return JSON.parse(text) as { group: string; experiments: Member[] };
}

const group = z.object({
  id: z.string(),
  name: z.string(),
  experiments: z.number(),
  counts: z.record(z.string(), z.number()),
  failed: z.number(),
  ended: z.boolean(),
});

async function readGroup(id: string): Promise<z.infer<typeof group>> {
  return group.parse(await system.json(`/groups/${id}`));
}

const docker = (command: string, environment: object = {}): object => ({ image, command, environment });

test("each combination runs with its values, and the group counts how they ended", async () => {
  const { group: id, experiments } = await postSweep(
    `{"name":"grid","docker":{"image":"${image}","command":"sh -c 'echo $RATE {{seed}}; exit {{seed}}'","environment":{"RATE":"{{rate}}"}},
      "matrix":{"rate":[0.10,"a b"],"seed":[0,1]}}`,
  );
  assert.deepEqual(
    experiments.map((one) => one.name),
    ["grid rate=0.10 seed=0", "grid rate=0.10 seed=1", "grid rate=a b seed=0", "grid rate=a b seed=1"],
  );
  const logs = [];
  for (const one of experiments) {
    assert.equal(one.group, id);
    const { result } = await system.ended(one.id);
    assert.equal(result?.exit_code, one.combination["seed"]);
    logs.push((await system.log(one.id, "?stream=stdout")).toString());
  }
  assert.deepEqual(logs, ["0.10 0\n", "0.10 1\n", "a b 0\n", "a b 1\n"]);
  const found = await readGroup(id);
  assert.deepEqual([found.name, found.experiments, found.failed, found.ended], ["grid", 4, 2, true]);
  assert.deepEqual(found.counts, { ENQUEUED: 0, RUNNING: 0, FINISHED: 4, CANCELLED: 0 });
  const listed = (await system.json(`/experiments?group=${id}`)) as unknown as Member[];
  assert.deepEqual(
    listed.map((one) => one.id),
    experiments.map((one) => one.id),
  );
});

test("a group is cancelled as one: what waits never starts, what runs is stopped, what ended stays", async () => {
  const quick = { matrix: { n: [0, 1, 2, 3, 4, 5, 6, 7] } };
  const { group: id, experiments } = await postSweep({
    name: "long",
    docker: docker(`sh -c 'trap "exit 9" TERM; test {{n}} = 0 || { echo up; sleep 600 & wait; }'`),
    ...quick,
  });
  const [first, second] = experiments;
  assert.ok(first && second);
  assert.equal((await system.ended(first.id)).status, "FINISHED");
  await system.logged(second.id, "up");
  const { status, text } = await send(`/groups/${id}`, "PUT", { status: "CANCELLED" });
  assert.equal(status, 200, text);
  for (const one of experiments.slice(1)) {
    const end = await system.ended(one.id);
    assert.deepEqual([end.status, end.result?.reason], ["CANCELLED", "user"]);
    if (end.attempt === null)
      assert.match(end.result?.message ?? "", /^Cancelled with its group by .+ while it waited\.$/);
  }
  const end = await readGroup(id);
  assert.deepEqual(end.counts, { ENQUEUED: 0, RUNNING: 0, FINISHED: 1, CANCELLED: 7 });
  const [newest] = (await system.json("/groups?limit=1")) as unknown as { id: string }[];
  assert.equal(newest?.id, id);
  const found = async (query: string) =>
    ((await system.json(`/groups?${query}`)) as unknown as { id: string }[]).map((one) => one.id);
  assert.ok((await found(`id_prefix=${id.slice(0, 13)}`)).includes(id));
  assert.deepEqual(await found(`name=${encodeURIComponent(end.name)}&id_prefix=${id}`), [id]);
  assert.deepEqual(await found(`name=nobody&id_prefix=${id}`), []);
});

test("a group is watched as one: the answer waits for a change, and comes at once where there is nothing to wait for", async () => {
  const { group: id, experiments } = await postSweep({
    name: "watched",
    docker: docker("true {{n}}"),
    matrix: { n: [1, 2] },
    resources: { host: "nowhere" },
  });
  const watch = async (query: string, tag?: string): Promise<Response> =>
    system.fetch(`/groups/${id}${query}`, { headers: tag === undefined ? {} : { "If-None-Match": tag } });
  const now = await watch("");
  const tag = now.headers.get("etag") ?? "";
  assert.equal((await watch("", tag)).status, 304);
  assert.equal((await watch("?wait=100ms", tag)).status, 304);
  const watching = watch("?wait=60s", tag);
  await system.put(experiments[0]?.id ?? "", { status: "CANCELLED" });
  const changed = await watching;
  assert.equal(changed.status, 200);
  const { counts } = group.parse(await changed.json());
  assert.deepEqual([counts["ENQUEUED"], counts["CANCELLED"]], [1, 1]);
  // What changed before it was asked for is not waited for.
  assert.equal((await watch("?wait=60s", tag)).status, 200);
  await send(`/groups/${id}`, "PUT", { status: "CANCELLED" });
  assert.equal(group.parse(await (await watch("?wait=60s")).json()).ended, true);
  assert.equal((await watch("?wait=6m")).status, 400);
});

test("an Idempotency-Key makes a sweep, or an array, once", async () => {
  const count = async (): Promise<unknown> => (await system.query("select count(*) from jobs")).rows[0];
  const after = { name: "never", docker: docker("true {{n}}"), resources: { host: "nowhere" } };
  const bodies = [
    JSON.stringify({ ...after, matrix: { n: [1, 2] } }),
    JSON.stringify([1, 2].map(() => ({ ...after, docker: docker("true") }))),
  ];
  for (const [n, body] of bodies.entries()) {
    const key = { "Idempotency-Key": `sweep-${n}` };
    const [one, two] = await Promise.all([
      send("/experiments", "POST", body, key),
      send("/experiments", "POST", body, key),
    ]);
    assert.deepEqual([one.status, two.status], [200, 200]);
    const made = await count();
    assert.equal(one.text, two.text);
    assert.equal((await send("/experiments", "POST", body, key)).text, one.text);
    assert.equal((await send("/experiments", "POST", `${body} `, key)).status, 422);
    assert.deepEqual(await count(), made);
  }
});

test("a sweep that is not right creates nothing and says what is", async () => {
  const before = (await system.query("select count(*) from jobs")).rows[0];
  const post = async (more: object): Promise<string> => {
    const { status, text } = await send("/experiments", "POST", { name: "x", docker: docker("a {{n}}"), ...more });
    assert.equal(status, 400);
    return (JSON.parse(text) as { error: string }).error;
  };
  assert.equal(await post({ matrix: { m: [1] } }), "docker.command: {{n}} is not in the matrix, which has m.");
  assert.match(await post({ matrix: { n: [] } }), /matrix\.n: at least one value/);
  assert.match(await post({ matrix: "n" }), /matrix: /);
  const { status, text } = await send("/experiments", "POST", [{ name: "x", docker: docker("a"), matrix: { n: [1] } }]);
  assert.deepEqual(
    [status, (JSON.parse(text) as { error: string }).error],
    [400, "0.matrix: a sweep is posted by itself, not in an array."],
  );
  assert.deepEqual((await system.query("select count(*) from jobs")).rows[0], before);
  assert.equal(
    (await send("/groups/123e4567-e89b-12d3-a456-426614174000", "PUT", { status: "CANCELLED" })).status,
    404,
  );
  assert.equal((await send("/groups/123e4567-e89b-12d3-a456-426614174000", "PUT", { status: "ENQUEUED" })).status, 400);
});
