// The bot, against a server that behaves as Telegram documents: linking, notices with the log, commands, digests within the
// rates, one poller of several processes.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { System, type Experiment } from "../support/system.ts";
import { TelegramServer } from "../support/telegram-server.ts";

const team = "-100200";
const ada = "11";

let telegram: TelegramServer;
let system: System;
let overrides: Record<string, string>;
before(async () => {
  telegram = await TelegramServer.start(team);
  overrides = {
    SKEDULER_TELEGRAM_TOKEN: telegram.token,
    SKEDULER_TELEGRAM_API: telegram.url,
    SKEDULER_TELEGRAM_CHATS: team,
    SKEDULER_QUOTAS_WAITING: "500",
    SKEDULER_NOTIFICATIONS_FIRST_RETRY: "1h", // sooner only where Telegram says when
  };
  system = await System.start(overrides);
  await system.addApi(overrides); // two processes, one bot
  await system.addRunner("bot-host");
});
after(async () => {
  await system[Symbol.asyncDispose]();
  await telegram[Symbol.asyncDispose]();
});

const of = (chat: string) => telegram.sent.filter((one) => one.chat === chat);

test("only a one-time code links a chat, and nobody else is answered", async () => {
  const answer = (await system.json("/telegram/link", { method: "POST" })) as unknown as {
    code: string;
    message: string;
  };
  telegram.say("66", "/ls");
  telegram.say("66", "/start wrong-code");
  telegram.say("66", "/start");
  assert.equal(answer.message, `/start ${answer.code}`);
  assert.match(
    await telegram.ask(ada, answer.message),
    /^This chat is linked: it is told of the experiments of <b>token-1<\/b>/,
  );
  telegram.say("66", answer.message); // used up
  assert.match(await telegram.ask(ada, "/help"), /\/cancel NAME/);
  assert.deepEqual(of("66"), []);
});

test("a run: placed, then its end with the last lines and the whole log as a document", async () => {
  const { id } = await system.postScript('seq 1 3000; echo "<done> & gone"; exit 2', { name: "train <1>" });
  await system.ended(id);
  await telegram.until(() => [team, ada].every((chat) => of(chat).some((one) => one.document !== undefined)));
  for (const chat of [team, ada]) {
    const [placed, failed] = of(chat).filter((one) => one.text.includes("train &lt;1&gt;"));
    assert.ok(placed && failed?.document);
    assert.match(placed.text, /^▶️ <b>train &lt;1&gt;<\/b> is placed on bot-host\n/);
    assert.match(failed.text, /^❌ <b>train &lt;1&gt;<\/b> failed on bot-host after \d+s, exit code 2\n/);
    assert.match(failed.text, /<pre>2992\n.*3000\n&lt;done&gt; &amp; gone<\/pre>$/s);
    assert.equal(failed.document.name, "train_1_-1.log");
    assert.deepEqual(failed.document.bytes, await system.log(id));
  }
});

test("the commands", async () => {
  const ask = async (text: string): Promise<string> => telegram.ask(ada, text);
  await ask("/mute");
  await system.fetch("/hosts/bot-host", { method: "PUT", body: '{"state":"cordoned"}' });
  const { id } = await system.post({}, { name: "waits" });
  assert.match(
    await ask("/ls"),
    new RegExp(`^<code>${id.slice(0, 8)}</code> <b>waits</b> ENQUEUED\n.*FINISHED on bot-host after`, "s"),
  );
  const inTeam = async (text: string): Promise<string> => telegram.ask(team, text);
  assert.match(await inTeam("/show waits"), new RegExp(`<b>waits</b> ENQUEUED\n<code>${id}</code>`));
  assert.match(await inTeam(`/why ${id.slice(0, 8)}`), /bot-host is cordoned/);
  assert.match(await inTeam("/logs train <1>"), /^<pre>2962\n.*2999\n3000\n&lt;done&gt; &amp; gone<\/pre>$/s);
  assert.equal(await inTeam("/logs waits"), "It has written nothing.");
  assert.equal(await ask("/cancel@skeduler_bot waits"), "<b>waits</b> is CANCELLED.");
  assert.equal((await system.get(id)).status, "CANCELLED");
  assert.match((await system.get(id)).result?.message ?? "", /^Cancelled by token-1/);
  assert.equal(await ask("/cancel waits"), "<b>waits</b> is CANCELLED already.");
  assert.equal(await ask("/retry waits"), "<b>waits</b> is ENQUEUED.");
  await system.fetch(`/experiments/${id}`, { method: "PUT", body: '{"status":"CANCELLED"}' });
  const filling = Array.from({ length: 500 }, () => ({ name: "fills", docker: { image: "i" }, notify: [] }));
  await system.json("/experiments", { method: "POST", body: JSON.stringify(filling) });
  assert.match(
    await ask("/retry waits"),
    /^token-1 may have 500 experiments waiting and has 500: one more is too many\./,
  );
  await system.query("update jobs set status = 'CANCELLED' where name = 'fills'");
  assert.equal(await ask("/retry waits"), "<b>waits</b> is ENQUEUED.");
  assert.equal((await system.get(id)).status, "ENQUEUED");
  assert.equal(await ask("/show nothing <b>"), "There is no experiment <code>nothing &lt;b&gt;</code>.");
  assert.equal(await ask("/mute 90m"), "No notices for 1h 30m.");
  await system.put(id, { status: "CANCELLED" });
  await telegram.until(() => of(team).filter((one) => one.text.includes("<b>waits</b> was cancelled")).length === 2);
  assert.equal(await ask("/mute off"), "Notices come again.");
  assert.deepEqual(
    of(ada).filter((one) => one.text.includes("was cancelled")),
    [],
  );
});

test("a sweep of 500 comes as a digest; no rate is exceeded; who asks is answered meanwhile", async () => {
  const before = telegram.sent.length;
  const sweep = {
    name: "burst",
    docker: { image: "i", environment: { N: "{{n}}" } },
    matrix: { n: Array.from({ length: 500 }, (_, n) => n) },
  };
  const { group } = (await system.json("/experiments", { method: "POST", body: JSON.stringify(sweep) })) as unknown as {
    group: string;
  };
  await system.json(`/groups/${group}`, { method: "PUT", body: '{"status":"CANCELLED"}' });
  const digests = () =>
    telegram.sent.slice(before).filter((one) => one.text.startsWith("<b>500 changes: 500 cancelled</b>"));
  await telegram.until(() => digests().length === 2);
  assert.deepEqual(
    digests()
      .map(({ chat }) => chat)
      .sort(),
    [team, ada].sort(),
  );
  const unsent = async (): Promise<number | null> =>
    (
      await system.query(
        "select from skeduler.notifications n join public.jobs j on j.id = n.experiment_id where j.group_id = $1 and n.state <> 'sent'",
        [group],
      )
    ).rowCount;
  while ((await unsent()) !== 0);
  assert.deepEqual([telegram.limited, telegram.conflicts], [0, 0]);
});

test("429 is waited for; who blocked the bot is unlinked", async () => {
  const silent = await system.post({}, { name: "silent", notify: [] });
  const { id } = await system.post({}, { name: "late", notify: ["telegram"] });
  telegram.failing.push({ error_code: 429, description: "Too Many Requests", parameters: { retry_after: 1 } });
  telegram.blocked.add(ada);
  const from = Date.now();
  await system.put(silent.id, { status: "CANCELLED" });
  await system.put(id, { status: "CANCELLED" });
  await telegram.until(() => of(team).some((one) => one.text.includes("<b>late</b> was cancelled")));
  const states = async (): Promise<Record<string, unknown>[]> =>
    (
      await system.query(
        "select target, state, error from skeduler.notifications where experiment_id = $1 order by target",
        [id],
      )
    ).rows;
  for (;;) if ((await states()).every((row) => row["state"] !== "waiting")) break;
  assert.deepEqual(await states(), [
    { target: `telegram/${team}`, state: "sent", error: null },
    {
      target: `telegram/${ada}`,
      state: "failed",
      error: "Telegram answered 403: Forbidden: bot was blocked by the user",
    },
  ]);
  assert.ok(Date.now() - from >= 1000);
  assert.deepEqual((await system.query("select from skeduler.telegram_chats")).rowCount, 0);
  assert.deepEqual(
    (await system.query("select from skeduler.notifications where experiment_id = $1", [silent.id])).rowCount,
    0,
  );
});

test("when the process that leads stops, the other takes over", async () => {
  await system.apis.shift()?.close();
  const experiment: Experiment = await system.post({}, { name: "after" });
  await system.put(experiment.id, { status: "CANCELLED" });
  await telegram.until(() => of(team).some((one) => one.text.includes("<b>after</b> was cancelled")));
  assert.match(await telegram.ask(team, "/show after"), /<b>after<\/b> CANCELLED/);
});
