// The command line's verbs about notifications: what was given up is listed and sent again; a chat's code.

import assert from "node:assert/strict";
import { test } from "node:test";
import { Home } from "../support/cli.ts";
import { Receiver } from "../support/receiver.ts";
import { System, token } from "../support/system.ts";

test("what was given up is listed, and sent again by id, by target, or all of it", async () => {
  let broken = true;
  await using receiver = await Receiver.start(() => ({ status: broken ? 500 : 200 }));
  const secret = `whsec_${Buffer.alloc(32).toString("base64")}`;
  await using system = await System.start({
    SKEDULER_NOTIFICATIONS_TARGETS: JSON.stringify([{ name: "hook", webhook: receiver.url, secret }]),
    SKEDULER_NOTIFICATIONS_GIVE_UP_AFTER: "1ms",
    SKEDULER_NOTIFICATIONS_FIRST_RETRY: "10ms",
  });
  using home = new Home({ url: system.url, token });
  assert.match((await home.run(["notifications"])).err, /There is none/);
  for (const name of ["one", "two", "three"]) {
    const { id } = await system.post({}, { name });
    await system.put(id, { status: "CANCELLED" });
  }
  const failed = async (): Promise<{ id: string; name: string }[]> =>
    (await system.json("/notifications?state=failed")) as unknown as { id: string; name: string }[];
  while ((await failed()).length < 3);
  const listed = await home.run(["notifications", "-s", "failed", "--experiment", "two"]);
  assert.match(
    listed.out,
    /^ID +TARGET +EXPERIMENT[^]*\n[0-9a-f-]{36} +hook +two +CANCELLED +failed +1 .*It answered 500\n$/,
  );
  assert.equal((await home.run(["notifications", "resend"])).code, 2);
  broken = false;
  const [{ id } = { id: "" }] = await failed();
  const absent = "123e4567-e89b-12d3-a456-426614174000";
  assert.deepEqual(await home.run(["notifications", "resend", absent, id]), {
    code: 3,
    out: `${id} is sent again.\n`,
    err: `skeduler: There is no notification ${absent}.\n`,
  });
  assert.equal((await home.run(["notifications", "resend", id])).code, 1);
  assert.equal((await home.run(["notifications", "resend", "--target", "other"])).out, "0 sent again.\n");
  assert.equal((await home.run(["notifications", "resend", "--all"])).out, "2 sent again.\n");
  await receiver.until((all) => all.length === 6);
  const link = await home.run(["telegram", "link"]);
  assert.deepEqual([link.code, link.out], [1, ""]);
  assert.match(link.err, /This server has no bot/);
});

test("a code for a chat", async () => {
  await using system = await System.start({
    SKEDULER_TELEGRAM_TOKEN: "1:x",
    SKEDULER_TELEGRAM_API: "http://127.0.0.1:1",
  });
  using home = new Home({ url: system.url, token });
  const { code, out } = await home.run(["telegram", "link"]);
  assert.equal(code, 0);
  assert.match(out, /^\/start [\w-]{22}\n$/);
});
