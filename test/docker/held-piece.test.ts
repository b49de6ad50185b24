// A piece of a line that was read and waited for its rest, while lines of the other stream after it were stored: whoever reads on
// finds it again, and doubles nothing. On a real Engine.

import assert from "node:assert/strict";
import { test } from "node:test";
import { waitContainer } from "../../runtime/docker/containers.ts";
import { connectEngine } from "../../runtime/docker/engine.ts";
import { copyPosition, type Instant, type LogPosition } from "../../runtime/docker/log-entries.ts";
import { readLogEnd } from "../../runtime/docker/log-end.ts";
import { readLog } from "../../runtime/docker/log-reader.ts";
import { image } from "../support/system.ts";

const engine = connectEngine();
const signal = new AbortController().signal;
// Longer before the other stream's line than their times may be out of step.
const script = "echo one; head -c 16384 /dev/zero | tr '\\0' x; sleep 1.5; echo err >&2; sleep 0.5; echo rest";

interface Entry extends Instant {
  readonly text: string;
  readonly position: LogPosition;
}

async function read(id: string, position: LogPosition): Promise<Entry[]> {
  const entries: Entry[] = [];
  let at = position;
  await readLog(engine, id, {
    follow: false,
    position,
    signal,
    take: (reader, bytes, from, to) => {
      at = { ...at, [reader.stream]: copyPosition(reader) };
      const { seconds, nanos } = reader;
      entries.push({ seconds, nanos, text: bytes.toString("latin1", from, to), position: at });
    },
    pace: () => undefined,
    gap: async () => Promise.reject(new Error("there is no gap")),
  });
  return entries;
}

test("what was held is read again, and nothing else", async (context) => {
  const container = await engine.docker.createContainer({ Image: image, Cmd: ["sh", "-c", script] });
  context.after(async () => {
    await container.remove({ force: true });
  });
  await container.start();
  await waitContainer(engine, container.id, signal);
  const whole = await read(container.id, {});
  assert.deepEqual(
    whole.map(({ text }) => text),
    ["one\n", "x".repeat(16_384), "err\n", "rest\n"],
  );
  const [one, piece, err] = whole;
  assert.ok(one !== undefined && piece !== undefined && err !== undefined);
  const instant = ({ seconds, nanos }: Entry): Instant => ({ seconds, nanos });
  const { stderr } = err.position;
  const cases: [seen: LogPosition, texts: string[]][] = [
    [{ stdout: one.position.stdout, stderr, held: instant(piece) }, [piece.text, "rest\n"]],
    [{ stderr, held: instant(one) }, ["one\n", piece.text, "rest\n"]], // nothing of its stream was stored
  ];
  for (const [seen, texts] of cases) {
    const taken = await read(container.id, seen);
    assert.deepEqual(
      taken.map(({ text }) => text),
      texts,
    );
    const fromEnd = await readLogEnd(engine, container.id, {
      position: seen,
      signal,
      take: () => assert.fail("the log's end alone does not tell"),
      pace: () => undefined,
    });
    assert.equal(fromEnd, false);
  }
});
