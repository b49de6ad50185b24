// E-mail to a real SMTP server: encrypted where it offers that, signed in, refused for a while, refused for good.

import assert from "node:assert/strict";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import { SMTPServer } from "smtp-server";
import { System } from "../support/system.ts";

interface Mail {
  readonly from: string;
  readonly to: readonly string[];
  readonly text: string;
}

class MailServer implements AsyncDisposable {
  readonly mails: Mail[] = [];
  /** One for each recipient that is named: undefined takes it. */
  refusing: () => Error | undefined = () => undefined;
  readonly #server: SMTPServer;
  #arrived = Promise.withResolvers<undefined>();

  private constructor() {
    this.#server = new SMTPServer({
      disabledCommands: ["STARTTLS"],
      allowInsecureAuth: true,
      onAuth: ({ username, password }, _, done) =>
        username === "skeduler" && password === "secret" ? done(null, { user: username }) : done(new Error("Invalid")),
      onRcptTo: (_, __, done) => done(this.refusing()),
      onData: (stream, { envelope }, done) => {
        const parts: Buffer[] = [];
        stream.on("data", (part: Buffer) => parts.push(part));
        stream.on("end", () => {
          const from = envelope.mailFrom === false ? "" : envelope.mailFrom.address;
          const text = Buffer.concat(parts).toString();
          this.mails.push({ from, to: envelope.rcptTo.map(({ address }) => address), text });
          done();
          this.#arrived.resolve(undefined);
          this.#arrived = Promise.withResolvers();
        });
      },
    });
    this.#server.on("error", () => undefined); // a client that leaves in the middle
  }

  static async start(): Promise<MailServer> {
    const server = new MailServer();
    const listening = server.#server.listen(0, "127.0.0.1");
    await once(listening, "listening");
    return server;
  }

  url(password = "secret"): string {
    return `smtp://skeduler:${password}@127.0.0.1:${(this.#server.server.address() as AddressInfo).port}`;
  }

  async until(count: number): Promise<readonly Mail[]> {
    while (this.mails.length < count) await this.#arrived.promise;
    return this.mails;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }
}

const settings = (server: string): Record<string, string> => ({
  SKEDULER_NOTIFICATIONS_TARGETS: JSON.stringify([{ name: "ada", email: "ada@example.org" }]),
  SKEDULER_NOTIFICATIONS_SMTP_SERVER: server,
  SKEDULER_NOTIFICATIONS_SMTP_FROM: "Skeduler <lab@example.org>",
  SKEDULER_NOTIFICATIONS_FIRST_RETRY: "50ms",
});

async function errorsOf(system: System, experiment: string, state: string): Promise<string> {
  for (;;) {
    const found = (await system.json(`/notifications?experiment=${experiment}`)) as unknown as {
      state: string;
      error: string | null;
    }[];
    if (found[0]?.state === state && found[0].error !== null) return found[0].error;
  }
}

test("a mail with what happened; one that is refused for now comes later, under the same Message-ID", async () => {
  await using server = await MailServer.start();
  let refusals = 0;
  server.refusing = () => {
    refusals += 1;
    return refusals === 1 ? Object.assign(new Error("Greylisted, come back"), { responseCode: 451 }) : undefined;
  };
  await using system = await System.start(settings(server.url()));
  const { id } = await system.post({}, { name: "träin\r\nBcc: eve@example.org" });
  await system.put(id, { status: "CANCELLED" });
  const [mail] = await server.until(1);
  assert.ok(mail);
  assert.deepEqual([mail.from, mail.to, refusals], ["lab@example.org", ["ada@example.org"], 2]);
  const [head = "", body = ""] = mail.text.split("\r\n\r\n", 2);
  assert.match(head, /^From: Skeduler <lab@example\.org>$/m);
  assert.match(head, /^Message-ID: <[0-9a-f-]{36}@skeduler>$/m);
  assert.match(head, new RegExp(`^References: <${id}@skeduler>$`, "m"));
  assert.match(head, /^Subject: =\?UTF-8\?/m);
  assert.doesNotMatch(head, /^Bcc:/m);
  assert.match(body, /Cancelled by token-1 while it waited\./);
});

test("what is refused for good, or a password that is wrong, is said; never the password", async () => {
  await using server = await MailServer.start();
  server.refusing = () => Object.assign(new Error("No such mailbox"), { responseCode: 550 });
  const impatient = { SKEDULER_NOTIFICATIONS_GIVE_UP_AFTER: "100ms" };
  await using system = await System.start({ ...settings(server.url()), ...impatient });
  const { id } = await system.post({});
  await system.put(id, { status: "CANCELLED" });
  assert.match(await errorsOf(system, id, "failed"), /did not take it: 550 No such mailbox/);
  await using other = await System.start({ ...settings(server.url("hunter2")), ...impatient });
  const experiment = await other.post({});
  await other.put(experiment.id, { status: "CANCELLED" });
  const error = await errorsOf(other, experiment.id, "failed");
  assert.match(error, /did not take it: 535/);
  assert.doesNotMatch(error, /hunter2/);
});
