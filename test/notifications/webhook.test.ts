// Webhooks end to end: the API on a real Postgres, a receiver that verifies with the specification's own library; failures,
// slowness, 429 and dead letters included.

import assert from "node:assert/strict";
import { test } from "node:test";
import { Webhook } from "standardwebhooks";
import { Receiver, type Received } from "../support/receiver.ts";
import { System, type Experiment } from "../support/system.ts";

const secret = `whsec_${Buffer.from("thirty-two bytes of no secrecy..").toString("base64")}`;

interface Payload {
  readonly type: string;
  readonly timestamp: string;
  readonly data: { readonly id: string; readonly status: string; readonly result: { reason: string } | null };
}

/** Throws where the signature is wrong or the time is not now. */
function verified({ body, headers }: Received): Payload {
  return new Webhook(secret).verify(body, headers as Record<string, string>) as Payload;
}

const targets = (...list: object[]): string => JSON.stringify(list);
const hook = (receiver: Receiver, more: object = {}): object => ({
  name: "hook",
  webhook: `${receiver.url}/hook?key=1`,
  secret,
  ...more,
});
const quick = { SKEDULER_NOTIFICATIONS_FIRST_RETRY: "50ms", SKEDULER_NOTIFICATIONS_GIVE_UP_AFTER: "10m" };

async function notifications(system: System, query = ""): Promise<Record<string, unknown>[]> {
  return (await system.json(`/notifications${query}`)) as unknown as Record<string, unknown>[];
}

/** Asks until it is so: recording what a receiver took is the sender's next statement, of which nobody is told. */
async function untilState(system: System, experiment: Experiment, state: string): Promise<Record<string, unknown>> {
  for (;;) {
    const [found] = await notifications(system, `?experiment=${experiment.id}`);
    if (found?.["state"] === state) return found;
  }
}

test("signed, with the experiment as it became, metadata digit for digit; the same id over all tries", async () => {
  await using receiver = await Receiver.start((_, n) => ({ status: n < 2 ? 500 : 200, body: "not yet" }));
  await using system = await System.start({ ...quick, SKEDULER_NOTIFICATIONS_TARGETS: targets(hook(receiver)) });
  await system.addApi({ ...quick, SKEDULER_NOTIFICATIONS_TARGETS: targets(hook(receiver)) });
  const posted = await system.fetch("/experiments", {
    method: "POST",
    body: '{"name": "one", "docker": {"image": "i"}, "metadata": {"z": 12345678901234567890.10, "a": 1}}',
  });
  const experiment = (await posted.json()) as Experiment;
  await system.put(experiment.id, { status: "CANCELLED" });
  const received = await receiver.until((all) => all.length === 3);
  const sent = await untilState(system, experiment, "sent");
  const [first] = received;
  assert.ok(first);
  const payload = verified(first);
  assert.equal(payload.type, "experiment.cancelled");
  assert.deepEqual(
    [payload.data.id, payload.data.status, payload.data.result?.reason],
    [experiment.id, "CANCELLED", "user"],
  );
  assert.match(first.body, /"metadata" : \{"z": 12345678901234567890\.10, "a": 1\}/);
  assert.equal(first.path, "/hook?key=1");
  for (const one of received) {
    verified(one);
    assert.equal(one.headers["webhook-id"], `msg_${String(sent["id"])}`);
  }
  assert.equal(sent["tries"], 3);
  assert.equal(receiver.received.length, 3);
});

test("each target by itself, in order; a receiver that hangs holds up nobody else", async () => {
  await using hanging = await Receiver.start(() => undefined);
  await using quickly = await Receiver.start();
  await using system = await System.start({
    ...quick,
    SKEDULER_NOTIFICATIONS_TIMEOUT: "200ms",
    SKEDULER_NOTIFICATIONS_TARGETS: targets(
      hook(hanging, { name: "hanging", statuses: ["ENQUEUED"] }),
      hook(quickly, { name: "quick", statuses: ["ENQUEUED", "CANCELLED"] }),
    ),
  });
  const ids: string[] = [];
  for (let n = 0; n < 20; n += 1) ids.push((await system.post({})).id);
  for (const id of ids) await system.put(id, { status: "CANCELLED" });
  const received = await quickly.until((all) => all.length === 40);
  const said = received.map((one) => verified(one)).map(({ type, data }) => `${type} ${data.id}`);
  assert.deepEqual(said, [
    ...ids.map((id) => `experiment.enqueued ${id}`),
    ...ids.map((id) => `experiment.cancelled ${id}`),
  ]);
  await hanging.until((all) => all.length >= 3);
  const [failing] = await notifications(system, "?target=hanging&state=waiting&limit=1");
  assert.ok(failing);
  const tried = (await notifications(system, "?target=hanging")).filter((one) => one["tries"] !== 0);
  assert.ok(
    tried.every((one) => one["error"] === "no answer within 0.2 s"),
    JSON.stringify(tried),
  );
});

test("429 with Retry-After: nothing at all is sent before", async () => {
  await using receiver = await Receiver.start((_, n) =>
    n === 0 ? { status: 429, headers: { "Retry-After": "1" } } : { status: 204 },
  );
  await using system = await System.start({ ...quick, SKEDULER_NOTIFICATIONS_TARGETS: targets(hook(receiver)) });
  const first = await system.post({});
  await system.put(first.id, { status: "CANCELLED" });
  await receiver.until((all) => all.length === 1);
  const second = await system.post({});
  await system.put(second.id, { status: "CANCELLED" });
  const received = await receiver.until((all) => all.length === 3);
  assert.ok((received[1]?.at ?? 0) - (received[0]?.at ?? 0) >= 1000);
  assert.deepEqual(
    received.map((one) => verified(one).data.id),
    [first.id, first.id, second.id],
  );
});

test("given up after its time: a dead letter, which is sent again when asked", async () => {
  let broken = true;
  await using receiver = await Receiver.start(() =>
    broken ? { status: 400, body: "I do not like it" } : { status: 200 },
  );
  await using system = await System.start({
    SKEDULER_NOTIFICATIONS_FIRST_RETRY: "50ms",
    SKEDULER_NOTIFICATIONS_GIVE_UP_AFTER: "300ms",
    SKEDULER_NOTIFICATIONS_TARGETS: targets(hook(receiver)),
  });
  const experiments = [await system.post({}), await system.post({})];
  const dead: Record<string, unknown>[] = [];
  for (const one of experiments) {
    await system.put(one.id, { status: "CANCELLED" });
    dead.push(await untilState(system, one, "failed"));
  }
  const [letter] = dead;
  assert.equal(letter?.["error"], "It answered 400: I do not like it");
  assert.ok(Number(letter["tries"]) >= 2);
  assert.equal((await notifications(system, "?state=failed&target=hook")).length, 2);
  const page = await system.fetch("/notifications?state=failed&limit=1");
  assert.deepEqual(
    ((await page.json()) as { id: string }[]).map(({ id }) => id),
    [dead[1]?.["id"]],
  );
  const next = await notifications(system, `?state=failed&cursor=${page.headers.get("skeduler-cursor") ?? ""}`);
  assert.deepEqual(
    next.map(({ id }) => id),
    [letter["id"]],
  );

  broken = false;
  const path = `/notifications/${String(letter["id"])}`;
  const again = await system.fetch(`${path}/resend`, { method: "POST" });
  assert.equal(again.status, 200);
  const [one, other] = experiments;
  assert.ok(one && other);
  await untilState(system, one, "sent");
  const last = receiver.received.at(-1);
  assert.equal(last && verified(last).data.id, one.id);
  assert.equal((await system.fetch(`${path}/resend`, { method: "POST" })).status, 409);
  const all = await system.json("/notifications/resend", { method: "POST", body: '{"target": "hook"}' });
  assert.deepEqual(all, { resent: 1 });
  await untilState(system, other, "sent");
  assert.equal((await system.fetch("/notifications/00000000-0000-0000-0000-000000000000")).status, 404);
});

test("what was being sent by a process that died is sent by another", async () => {
  await using receiver = await Receiver.start();
  const overrides = { ...quick, SKEDULER_NOTIFICATIONS_TARGETS: targets(hook(receiver)) };
  await using system = await System.start(overrides);
  // As a process leaves it that died in the middle: its lease not over, its queue job gone with it.
  await system.query(
    "update skeduler.notification_targets set drained_by = gen_random_uuid(), drained_until = now() + interval '1 s'",
  );
  const experiment = await system.post({});
  await system.put(experiment.id, { status: "CANCELLED" });
  await system.query("update skeduler.notifications set due_at = now() - interval '1 minute'");
  await receiver.until((all) => all.length === 1);
  await untilState(system, experiment, "sent");
});

test("`notify` names configured targets, is shown, and can be changed", async () => {
  await using receiver = await Receiver.start();
  const configured = targets(hook(receiver), hook(receiver, { name: "pager", default: false }));
  await using system = await System.start({ SKEDULER_NOTIFICATIONS_TARGETS: configured });
  const refused = await system.fetch("/experiments", {
    method: "POST",
    body: JSON.stringify({ name: "x", docker: { image: "i" }, notify: ["pager", "nobody"] }),
  });
  assert.equal(refused.status, 400);
  assert.match(await refused.text(), /notify\.1: there is no target \\"nobody\\"; possible are hook, pager\./);
  const silent = await system.post({}, { notify: [] });
  const loud = await system.post({}, { notify: ["pager"] });
  const shown = (experiment: Experiment): unknown => (experiment as unknown as { notify: unknown }).notify;
  assert.deepEqual([shown(await system.get(silent.id)), shown(await system.get(loud.id))], [[], ["pager"]]);
  assert.equal(shown(await system.post({})), null);
  assert.deepEqual(shown(await system.put(silent.id, { notify: ["hook", "pager"] })), ["hook", "pager"]);
  assert.deepEqual(shown(await system.put(silent.id, { notify: null })), ["hook", "pager"]);
  assert.equal(
    (await system.fetch(`/experiments/${silent.id}`, { method: "PUT", body: '{"notify":["no"]}' })).status,
    400,
  );
  // What GET gave is accepted though its target is gone.
  await system.query("update public.jobs set notify = '{gone}' where id = $1", [loud.id]);
  assert.deepEqual(shown(await system.put(loud.id, await system.get(loud.id))), ["gone"]);
  await system.put(silent.id, { status: "CANCELLED" });
  await receiver.until((all) => all.length === 2);
});
