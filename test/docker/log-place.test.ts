// A reading that is taken up in a log which Docker has cut since, or whose clock went back: nothing that Docker still has is
// lost or doubled, and what may be missing is said first. On a real Engine, whose containers print what they are told.

import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { test, type TestContext } from "node:test";
import { waitContainer } from "../../runtime/docker/containers.ts";
import { connectEngine, EngineUnreachable, type Engine } from "../../runtime/docker/engine.ts";
import { copyPosition, type LogPosition } from "../../runtime/docker/log-entries.ts";
import { readLog } from "../../runtime/docker/log-reader.ts";
import { untilLogEndsWith } from "../support/docker-log.ts";
import { image } from "../support/system.ts";

const engine = connectEngine();
const maxBytes = 64 * 1024;
/** Prints what it reads; of a line that begins with "!", on stderr. */
const echo = String.raw`while IFS= read -r line; do case "$line" in !*) echo "$line" >&2;; *) echo "$line";; esac; done`;

interface Printer {
  readonly id: string;
  /** Resolves when Docker has the text, of whole lines, in its log. */
  readonly print: (text: string) => Promise<void>;
  /** Ends the container. */
  readonly end: () => Promise<void>;
}

async function startPrinter(context: TestContext, command = ["sh", "-c", echo]): Promise<Printer> {
  const container = await engine.docker.createContainer({
    Image: image,
    Cmd: command,
    OpenStdin: true,
    StdinOnce: true,
    HostConfig: {
      LogConfig: { Type: "local", Config: { "max-size": String(maxBytes), "max-file": "1", compress: "false" } },
    },
  });
  const stdin = await container.attach({ stream: true, stdin: true, hijack: true });
  context.after(async () => {
    await container.remove({ force: true });
    stdin.end();
  });
  await container.start();
  return {
    id: container.id,
    print: async (text) => {
      stdin.write(text);
      await untilLogEndsWith(container, text.slice(text.lastIndexOf("\n", text.length - 2) + 1));
    },
    end: async () => {
      stdin.end();
      await waitContainer(engine, container.id, new AbortController().signal);
    },
  };
}

interface Reading {
  /** What was taken, and "gap" where one was told. */
  readonly taken: string[];
  /** Where the reading stood after each of these. */
  readonly positions: LogPosition[];
  /** Resolves when the entry is taken. */
  readonly took: (text: string) => Promise<void>;
  /** Resolves at the log's end. */
  readonly done: Promise<void>;
  readonly stop: () => Promise<void>;
}

function start(id: string, position: LogPosition, isFollowed: boolean, from: Engine = engine): Reading {
  const taken: string[] = [];
  const positions: LogPosition[] = [];
  let at = position;
  let look = Promise.withResolvers<undefined>();
  const aborted = new AbortController();
  const done = readLog(from, id, {
    follow: isFollowed,
    position,
    signal: aborted.signal,
    take: (reader, bytes, start, end) => {
      at = { ...at, [reader.stream]: copyPosition(reader) };
      taken.push(bytes.toString("latin1", start, end));
      positions.push(at);
      look.resolve(undefined);
    },
    pace: () => undefined,
    gap: async (start, end) => {
      assert.ok(start <= end);
      taken.push("gap");
      positions.push(at);
      return Promise.resolve();
    },
  });
  done.catch(() => undefined); // whoever waits for it hears of that
  const took = async (text: string): Promise<void> => {
    while (!taken.includes(text)) {
      await Promise.race([look.promise, done]);
      look = Promise.withResolvers();
    }
  };
  const stop = async (): Promise<void> => {
    aborted.abort();
    await done.catch(() => undefined);
  };
  return { taken, positions, took, done, stop };
}

const follow = (id: string, position: LogPosition): Reading => start(id, position, true);

/** Follows from there to the end, a line printed meanwhile included. */
async function followOn({ id, print, end }: Printer, seen: LogPosition, line: string): Promise<Reading> {
  const reading = follow(id, seen);
  await print(line);
  await reading.took(line);
  await end();
  await reading.done;
  return reading;
}

async function rest(id: string, position: LogPosition): Promise<string[]> {
  const reading = start(id, position, false);
  await reading.done;
  return reading.taken;
}

/** Where a reading stands that has taken all there is. */
async function positionOf(id: string): Promise<LogPosition> {
  const reading = start(id, {}, false);
  await reading.done;
  return reading.positions.at(-1) ?? {};
}

const numbered = (word: string, count: number): string[] =>
  Array.from({ length: count }, (_, n) => `${word} ${n + 1}\n`);
const longLines = (word: string, count: number): string[] => numbered(word.padEnd(2_000, "."), count);

test("a cut log that holds more entries than were read is taken whole, after the gap is told", async (context) => {
  const printer = await startPrinter(context);
  const { id, print } = printer;
  await print(numbered("early", 100).join(""));
  const seen = await positionOf(id);
  await print(numbered("later", 3_000).join(""));
  const kept = await rest(id, {});
  assert.ok(kept.length > 100 && !kept.includes("early 100\n"), `Docker kept ${kept.length} entries`);
  const reading = await followOn(printer, seen, "live\n");
  assert.deepEqual(reading.taken, ["gap", ...kept, "live\n"]);
  assert.deepEqual(await rest(id, seen), reading.taken, "and where it is read to its end");
  assert.deepEqual(await rest(id, reading.positions.at(-1) ?? {}), [], "and from there on");
});

test("a cut log that holds fewer entries than were read is taken whole, and followed at once", async (context) => {
  const printer = await startPrinter(context);
  const { id, print } = printer;
  await print(numbered("early", 1_000).join(""));
  const seen = await positionOf(id);
  await print(longLines("later", 40).join(""));
  const kept = await rest(id, {});
  assert.ok(kept.length < 1_000 && !kept.includes("early 1000\n"), `Docker kept ${kept.length} entries`);
  const reading = await followOn(printer, seen, "live\n");
  assert.deepEqual(reading.taken, ["gap", ...kept, "live\n"]);
  assert.deepEqual(await rest(id, seen), reading.taken, "and where it is read to its end");
});

test("a gap is told though the stream that was read last is silent", async (context) => {
  const printer = await startPrinter(context);
  const { id, print } = printer;
  await print("!early\n");
  await print(numbered("early", 100).join(""));
  const seen = await positionOf(id);
  await print(longLines("!later", 40).join(""));
  const kept = await rest(id, {});
  assert.ok(kept.every((line) => line.startsWith("!later")));
  const reading = await followOn(printer, seen, "!live\n");
  assert.deepEqual(reading.taken, ["gap", ...kept, "!live\n"]);
});

test("where Docker still has what was read last there is no gap, whatever the count was", async (context) => {
  const { id, print } = await startPrinter(context);
  await print(numbered("early", 1_000).join(""));
  await print(longLines("later", 40).join(""));
  const { stdout } = await positionOf(id);
  assert.ok(stdout !== undefined && stdout.entries < 1_000);
  const seen = { stdout: { ...stdout, entries: 1_040 } }; // of a reading that went on while Docker cut the log
  await print("next\n");
  assert.deepEqual(await rest(id, seen), ["next\n"]);
  context.mock.method(Date, "now", () => 0); // as if the clock had gone back: all of the log is read
  assert.deepEqual(await rest(id, seen), ["next\n"]);
  const reading = follow(id, seen);
  await reading.took("next\n");
  await reading.stop();
  assert.deepEqual(reading.taken, ["next\n"]);
});

test("in the whole of a log the place is found after any entry, parts of long lines too", async (context) => {
  const { id, print, end } = await startPrinter(context);
  await print(`one\n${"x".repeat(40_000)}\ntwo\n`);
  await print("!three\n"); // by itself: Docker does not keep the order between the streams
  await print("four\n");
  await end();
  const whole = start(id, {}, false);
  await whole.done;
  assert.ok(whole.taken.length > 6);
  context.mock.method(Date, "now", () => 0);
  for (const [n, seen] of whole.positions.entries())
    assert.deepEqual((await rest(id, seen)).join(""), whole.taken.slice(n + 1).join(""), `after entry ${n}`);
});

test("a log that begins within a line that was read goes on after that line", async (context) => {
  const { id, print } = await startPrinter(context, ["cat"]);
  await print(`early\n${"x".repeat(100_000)}\nend\n`);
  const kept = start(id, {}, false);
  await kept.done;
  assert.ok(kept.taken[0]?.startsWith("x"));
  const { stdout } = kept.positions[kept.taken.indexOf("\n") - 1] ?? {}; // that newline is given when "end" follows
  assert.ok(stdout?.owed);
  // As it was for who had read the line before Docker cut it.
  const seen = { stdout: { ...stdout, same: stdout.same + 4, entries: stdout.entries + 5 } };
  assert.deepEqual(await rest(id, seen), ["\n", "end\n"]);
});

test("an answer that breaks off is not taken for a log that was cut", async (context) => {
  const server = createServer((_request, response) => {
    response.writeHead(200, { "Content-Type": "application/vnd.docker.multiplexed-stream" });
    response.flushHeaders();
    setImmediate(() => response.destroy());
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  context.after(() => server.close());
  const broken = connectEngine(`tcp://127.0.0.1:${(server.address() as AddressInfo).port}`);
  context.mock.method(Date, "now", () => 0);
  const seen = { seconds: 1, nanos: 0, same: 1, entries: 1, owed: false, long: false };
  const reading = start("x", { stdout: seen }, false, broken);
  await assert.rejects(reading.done, EngineUnreachable);
  assert.deepEqual(reading.taken, []);
});
