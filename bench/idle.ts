// `skeduler api` and `skeduler runner` with nothing to do: how soon they are ready, what they take of a core (in the first minute V8 still
// compiles and collects what the start left), and how many statements they send to Postgres, counted on the wire by a proxy in front of it.

import { connect, createServer } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { createTestDatabase } from "../test/support/database.ts";
import { report } from "./frame/figure.ts";
import { Skeduler } from "./frame/process.ts";
import { sized } from "./frame/rounds.ts";

const seconds = sized(60, 5);
const starts = sized(5, 1);

/** Counts the statements in what a client sends to Postgres: Query and Execute messages. */
class Statements {
  count = 0;
  #held: Buffer = Buffer.alloc(0);
  #started = false;

  add(data: Buffer): void {
    const bytes = Buffer.concat([this.#held, data]);
    let at = 0;
    while (at + 5 <= bytes.length) {
      // The first message has no type.
      const type = this.#started ? String.fromCharCode(bytes[at] ?? 0) : "";
      const end = at + type.length + bytes.readUInt32BE(at + type.length);
      if (end > bytes.length) break;
      this.#started = true;
      if (type === "Q" || type === "E") this.count += 1;
      at = end;
    }
    this.#held = bytes.subarray(at);
  }
}

await using cleanup = new AsyncDisposableStack();
const database = await createTestDatabase();
cleanup.defer(async () => database.drop());
const { hostname, port } = new URL(database.url);
const all: Statements[] = [];
const proxy = createServer((client) => {
  const server = connect({ host: hostname, port: Number(port) });
  const statements = new Statements();
  all.push(statements);
  client.on("data", (data) => statements.add(data));
  client.pipe(server).pipe(client);
  for (const end of [client, server])
    end.on("error", () => undefined).on("close", () => [client, server].forEach((one) => one.destroy()));
});
await new Promise<void>((done) => proxy.listen(0, "127.0.0.1", done));
cleanup.defer(() => void proxy.close());
const behind = new URL(database.url);
const address = proxy.address();
behind.port = String(typeof address === "object" ? address?.port : "");

const ready: Record<"api" | "runner", number[]> = { api: [], runner: [] };
for (let n = 0; n < starts; n += 1) {
  await using api = await Skeduler.start("api", behind.href);
  await using runner = await Skeduler.start("runner", behind.href);
  ready.api.push(api.readyMs);
  ready.runner.push(runner.readyMs);
}
report({ name: "skeduler api, ready", unit: "ms", values: ready.api, goal: { atMost: 700 } });
report({ name: "skeduler runner, ready", unit: "ms", values: ready.runner, goal: { atMost: 700 } });

const api = cleanup.use(await Skeduler.start("api", behind.href));
const runner = cleanup.use(await Skeduler.start("runner", behind.href));
const sent = (): number => all.reduce((sum, { count }) => sum + count, 0);
const busy = async (): Promise<number> => {
  const cpu = api.cpu() + runner.cpu();
  await sleep(seconds * 1000);
  return ((api.cpu() + runner.cpu() - cpu) / seconds) * 100;
};
await sleep(5_000); // what follows a start
report({ name: "the first minute, API and runner, of a core", unit: "%", values: [await busy()] });
const before = sent();
report({ name: "idle: API and runner, of a core", unit: "%", values: [await busy()], goal: { atMost: 0.5 } });
report({
  name: "idle: statements",
  unit: "a second",
  values: [(sent() - before) / seconds],
  goal: { atMost: 10 },
});
report({ name: "idle: memory of the runner", unit: "MiB", values: [runner.memory()] });
report({ name: "idle: memory of the API", unit: "MiB", values: [api.memory()] });
