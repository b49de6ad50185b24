// What is unusually long, large or odd and yet allowed is stored, found and listed; what could not be is refused in words.

import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { after, before, test } from "node:test";
import { image, System, type Experiment } from "../support/system.ts";

let system: System;
before(async () => {
  system = await System.start(); // no runner: what is enqueued here waits
});
after(async () => system[Symbol.asyncDispose]());

async function list(query: string): Promise<{ ids: string[]; cursor: string | null }> {
  const response = await system.fetch(`/experiments${query}`);
  assert.equal(response.status, 200);
  const ids = ((await response.json()) as Experiment[]).map(({ id }) => id);
  return { ids, cursor: response.headers.get("skeduler-cursor") };
}

async function idsInOrder(where = "true"): Promise<string[]> {
  const { rows } = await system.query(`select id::text as id from jobs where ${where} order by seq`);
  return rows.map(({ id }) => String(id));
}

test("a name may be longer than what an index takes", async () => {
  const name = randomBytes(20_000).toString("hex");
  const { id } = await system.post({}, { name });
  const other = await system.post({}, { name: `${name}x` });
  assert.deepEqual((await list(`?name=${name.slice(0, 7_000)}`)).ids, []);
  const waiting = await system.post({}, { after: [name, `${name}x`] });
  assert.deepEqual(waiting.after, [id, other.id]);
});

test("what comes after others finds them by any id, by the newest of a name, and before it in the same array", async () => {
  const older = await system.post({}, { name: "twice" });
  const newer = await system.post({}, { name: "twice" });
  const named = await system.post({}, { name: "a name that is no id" });
  await system.query("update jobs set id = '11111111-1111-1111-1111-111111111111' where id = $1", [named.id]);
  const odd = "11111111-1111-1111-1111-111111111111";
  const waiting = await system.post({}, { after: [older.id.toUpperCase(), "twice", odd, "a name that is no id"] });
  assert.deepEqual(waiting.after, [older.id, newer.id, odd]);
  assert.equal((await system.fetch(`/events?experiment=${odd}`)).status, 200);
  const put = await system.json(`/experiments/${odd}`, { method: "PUT", body: JSON.stringify(await system.get(odd)) });
  assert.equal(put.id, odd);
});

test("white space around a name or an image is not stored, and a name that is nothing else stays what it was", async () => {
  const sent = await system.post({ image: `\t${image}\n` }, { name: "\u00a0\n my  name \u2003\t" });
  assert.deepEqual([sent.docker.image, sent.name], [image, "my  name"]);
  assert.equal((await system.put(sent.id, { name: " \n" })).name, "my  name");
  assert.equal((await system.put(sent.id, { name: " new\n" })).name, "new");
});

test("a whole number may be written as one of another kind", async () => {
  const send = async (path: string, method: string, body: string): Promise<number> =>
    ((await system.json(path, { method, body })) as unknown as { priority: number }).priority;
  const body = (priority: string): string => `{"name":"n","docker":{"image":"i"},"priority":${priority}}`;
  assert.equal(await send("/experiments", "POST", body("2.0")), 2);
  assert.equal(await send("/experiments", "POST", body("1e1")), 10);
  const { id } = await system.post({});
  assert.equal(await send(`/experiments/${id}`, "PUT", '{"priority":-3.0}'), -3);
});

test("a number that takes thousands of digits and a variable that zod does not see are refused, and it is said where", async () => {
  const refused = async (body: string, path: string): Promise<void> => {
    const response = await system.fetch("/experiments", { method: "POST", body });
    const { code, details } = (await response.json()) as { code: string; details: { path: string }[] };
    assert.deepEqual([response.status, code, details[0]?.path], [400, "validation", path]);
  };
  const tiny = '{"name":"n","docker":{"image":"i","environment":{"A":"1e-9999","N":1e-16383}}}';
  await refused(tiny, "docker.environment.N");
  await refused(`[{"name":"n","docker":{"image":"i"}},${tiny}]`, "1.docker.environment.N");
  await refused(
    '{"name":"n","docker":{"image":"i","environment":{"N":"{{n}}"}},"matrix":{"n":[1,1E-16383]}}',
    "matrix.n.1",
  );
  await refused('{"name":"n","docker":{"image":"i"},"resources":{"gpus":0e-16000}}', "resources.gpus");
  await refused('{"name":"n","docker":{"image":"i","environment":{"__proto__":[1]}}}', "docker.environment.__proto__");
  const kept = '{"name":"n","docker":{"image":"i","environment":{"N":1e-300}},"metadata":{"__proto__":[1e-16383]}}';
  const response = await system.fetch("/experiments", { method: "POST", body: kept });
  assert.match(await response.text(), /"metadata" : {"__proto__":\[1e-16383\]}/);
});

test("an adopted experiment's environment that is none can be sent back", async () => {
  const { id } = await system.post({}, { name: "adopted" });
  for (const environment of ["null", "[]"]) {
    await system.query("update jobs set docker_environment = $2::jsonb where id = $1", [id, environment]);
    const same = await system.get(id);
    assert.deepEqual(same.docker.environment, JSON.parse(environment));
    assert.deepEqual(await system.put(id, same), same);
  }
});

test("large experiments are listed whole, page by page and in pages that were asked for", async () => {
  const sent: string[] = [];
  for (let n = 0; n < 13; n += 1)
    sent.push((await system.post({}, { name: "large", metadata: "x".repeat(900_000) })).id);
  assert.deepEqual((await list("?name=large")).ids, sent);
  assert.deepEqual((await list("?name=large&order=desc")).ids, sent.toReversed());
  const first = await list("?name=large&limit=11");
  assert.deepEqual(first.ids, sent.slice(0, 11));
  assert.deepEqual(await list(`?name=large&limit=11&cursor=${first.cursor ?? ""}`), {
    ids: sent.slice(11),
    cursor: null,
  });
  assert.deepEqual((await list("")).ids, await idsInOrder());
  assert.deepEqual((await list("?order=desc")).ids, (await idsInOrder()).toReversed());
});

test("a page that was asked for may be longer than those that the list is read in", async () => {
  const body = JSON.stringify(Array.from({ length: 1_300 }, () => ({ name: "small", docker: { image: "i" } })));
  await system.json("/experiments", { method: "POST", body });
  const small = await idsInOrder("name = 'small'");
  const first = await list("?name=small&limit=1200");
  assert.deepEqual(first.ids, small.slice(0, 1_200));
  const rest = await list(`?name=small&limit=1200&cursor=${first.cursor ?? ""}`);
  assert.deepEqual(rest, { ids: small.slice(1_200), cursor: null });
  const exactly = await list("?name=small&limit=1300");
  assert.deepEqual(exactly.ids, small);
  assert.deepEqual(await list(`?name=small&limit=1300&cursor=${exactly.cursor ?? ""}`), { ids: [], cursor: null });
  assert.deepEqual((await list("?name=small&limit=501&order=desc")).ids, small.toReversed().slice(0, 501));
});
