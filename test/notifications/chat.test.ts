// Slack, Discord, Mattermost: messages of a real run on a real Engine, to servers that take and refuse as theirs document.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { discord, discordLimited, mattermost, slack } from "../support/chat-servers.ts";
import { Receiver, type Received } from "../support/receiver.ts";
import { System } from "../support/system.ts";

let slackServer: Receiver;
let discordServer: Receiver;
let mattermostServer: Receiver;
let system: System;
before(async () => {
  slackServer = await Receiver.start(slack);
  discordServer = await Receiver.start((request, n) => (n === 0 ? discordLimited(0.3) : discord(request)));
  mattermostServer = await Receiver.start(mattermost);
  const targets = [
    { name: "team", slack: `${slackServer.url}/services/T/B/x`, names: ["run-*", "sweep*"] },
    {
      name: "game",
      discord: `${discordServer.url}/api/webhooks/1/x`,
      statuses: ["CANCELLED", "FINISHED"],
      names: ["run-*"],
    },
    { name: "town", mattermost: `${mattermostServer.url}/hooks/x`, statuses: ["CANCELLED", "FINISHED"] },
  ];
  system = await System.start({ SKEDULER_NOTIFICATIONS_TARGETS: JSON.stringify(targets) });
  await system.addRunner("chatty");
});
after(async () => {
  await system[Symbol.asyncDispose]();
  for (const server of [slackServer, discordServer, mattermostServer]) await server[Symbol.asyncDispose]();
});

const said = ({ body }: Received): string => {
  const { text, content } = JSON.parse(body) as { text?: string; content?: string };
  return text ?? content ?? "";
};

test("a run: placed, then its end with exit code and last lines, in the markup of each", async () => {
  const script = 'echo first; echo "<!channel> @everyone @all \\`\\`\\`"; exit 3';
  const { id } = await system.postScript(script, { name: "run-<!channel> @all *x*" });
  await system.ended(id);
  const [placed, failed] = await slackServer.until((all) => all.length >= 2);
  assert.ok(placed && failed);
  assert.match(said(placed), /^▶️ \*run-&lt;!channel&gt; @all ∗x∗\* is placed on chatty\n/);
  assert.match(said(failed), /^❌ \*run-&lt;!channel&gt; @all ∗x∗\* failed on chatty after \d+s, exit code 3\n/);
  assert.ok(said(failed).endsWith(`\`\`\`\nfirst\n&lt;!channel&gt; @everyone @all \`\u200b\`\`\n\`\`\``), said(failed));
  const [, , limited] = [undefined, ...(await discordServer.until((all) => all.length === 2))];
  assert.ok(limited);
  assert.match(said(limited), /^❌ \*\*run\\-\\<!channel\\> @all \\\*x\\\*\*\* failed/);
  assert.deepEqual((JSON.parse(limited.body) as { allowed_mentions: unknown }).allowed_mentions, { parse: [] });
  const [first, second] = discordServer.received;
  assert.ok((second?.at ?? 0) - (first?.at ?? 0) >= 1000, "the header's second was waited for");
  const [told] = await mattermostServer.until((all) => all.length === 1);
  assert.match(told ? said(told) : "", /^❌ \*\*run\\-\\<!channel\\> @\u200ball/);
});

test("a log that is all too long is cut from its front, to what the receiver takes", async () => {
  const { id } = await system.postScript("for n in 1 2 3 4 5 6 7 8 9 10 11; do printf %0500d $n; echo; done", {
    name: "run-long",
  });
  await system.ended(id);
  const received = await discordServer.until((all) => all.some((one) => said(one).includes("run\\-long")));
  const long = said(received.at(-1) ?? assert.fail());
  assert.ok(long.length <= 2000 && long.length > 1500);
  assert.ok(long.endsWith("11\n```"), long);
});

test("a sweep that is cancelled comes as a digest, each of it told once", async () => {
  const before = slackServer.received.length;
  await system.fetch("/hosts/chatty", { method: "PUT", body: '{"state":"cordoned"}' });
  const sweep = {
    name: "sweep",
    docker: { image: "i", environment: { N: "{{n}}" } },
    matrix: { n: Array.from({ length: 300 }, (_, n) => n) },
  };
  const { group } = (await system.json("/experiments", { method: "POST", body: JSON.stringify(sweep) })) as unknown as {
    group: string;
  };
  await system.json(`/groups/${group}`, { method: "PUT", body: '{"status":"CANCELLED"}' });
  const received = await slackServer.until((all) => all.length > before);
  const digest = said(received[before] ?? assert.fail());
  assert.match(digest, /^\*300 changes: 300 cancelled\*\n⏹️ \*sweep n=299\* was cancelled\n/);
  assert.ok(digest.endsWith("… and 285 more"), digest);
});
