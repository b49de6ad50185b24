// What a command line cannot mean is told before anything is sent: the server named here is none, and would be a 5.

import assert from "node:assert/strict";
import { after, test } from "node:test";
import { Home } from "../support/cli.ts";

const home = new Home({ url: "http://127.0.0.1:1", token: "t" });
after(() => home[Symbol.dispose]());
const refused: readonly [words: readonly string[], sentence: RegExp][] = [
  ...["{bad", " [1,", '"open'].flatMap((text): [string[], RegExp][] => [
    [["run", "--metadata", text, "image"], /--metadata begins like JSON and is not: /],
    [["enqueue", "--metadata", text, "image"], /--metadata begins like JSON and is not: /],
    [["update", "some", "--metadata", text], /--metadata begins like JSON and is not: /],
  ]),
  [["update", "some", "--metadata", "null"], /--metadata cannot be emptied/],
  [["update", "some", "--metadata", '""'], /--metadata cannot be emptied/],
  [["update", "some", "--description", ""], /--description cannot be emptied/],
  [["update", "some", "--name", " "], /--name cannot be emptied/],
  [["sweep", "--param", "lr=[1,", "image"], /--param lr begins like JSON and is not: /],
  [["sweep", "--param", "a=1", "--param", "b=1", "--param", "a=2", "image"], /--param a is given twice: .*a=1,2/],
  [["run", "--stream", "foo", "image"], /stdout, stderr, skeduler/],
  [["logs", "--stream", "stdout,foo", "some"], /stdout, stderr, skeduler/],
  [["ls", "--status", "RUN"], /Allowed are ENQUEUED, RUNNING, FINISHED, CANCELLED, joined by commas\./],
  [["notifications", "-s", "bad"], /Allowed are waiting, sent, failed\./],
  [["ls", "--json", "-q"], /--json and -q: /],
  [["ls", "--watch", "--json", "-q"], /--json and -q: /],
  [["ls", "-n", "0"], /whole number from 1/],
  [["sweep", "ls", "-n", "0"], /whole number from 1/],
  [["api", "-H", "foo", "/hosts"], /-H foo: .*Name: value/],
  [["api", "-H", "a b: c", "/hosts"], /-H a b: c: .*Name: value/],
];

for (const [words, sentence] of refused)
  test(`skeduler ${words.join(" ")}`, async () => {
    const { code, out, err } = await home.run(words);
    assert.deepEqual([code, out], [2, ""], err);
    assert.match(err, sentence);
  });

test("what only looks like such a mistake is sent", async () => {
  for (const words of [
    ["run", "--metadata", "tables 2 and 3", "--stream", "stdout,stderr", "image"],
    ["update", "some", "--metadata", "0"],
    ["ls", "--status", "running,Finished"],
    ["notifications", "-s", "failed"],
    ["sweep", "--param", "a=1,x", "image"],
    ["api", "-H", "Accept:application/json", "/hosts"],
  ])
    assert.equal((await home.run(words)).code, 5, words.join(" "));
});
