// What YAML writes as a number is sent with its digits, or not at all.

import assert from "node:assert/strict";
import { test } from "node:test";
import { Home, type Ended } from "../support/cli.ts";

const dryRun = async (stdin: string): Promise<Ended> => {
  using home = new Home({ url: "http://127.0.0.1:1", token: "t" });
  return await home.run(["enqueue", "--dry-run", "-"], { stdin });
};

test("numbers of YAML keep their digits, also by an alias and in a key", async () => {
  const numbers: [written: string, sent: string][] = [
    ["2.10", "2.10"],
    ["1e-3", "1e-3"],
    ["1.0", "1.0"],
    ["1e-400", "1e-400"],
    ["98765432109876543210", "98765432109876543210"],
    ["-0", "-0"],
    // What JSON does not write is sent by its value.
    ["+1.50", "1.5"],
    [".5", "0.5"],
    ["012", "12"],
    ["0xFFFFFFFFFFFFFFFFFF", "4722366482869645213695"],
    ['"2.10"', '"2.10"'],
  ];
  const yaml = `
docker: {image: i, environment: {V: &v 2.10, W: *v, 3.10: key}}
matrix: {lr: [${numbers.map(([written]) => written).join(", ")}]}
`;
  const { code, out, err } = await dryRun(yaml);
  assert.equal(code, 0, err);
  const sent = out.replaceAll(/\s/g, "");
  assert.ok(sent.includes('"environment":{"V":2.10,"W":2.10,"3.10":"key"}'), sent);
  assert.ok(sent.includes(`"lr":[${numbers.map(([, one]) => one).join(",")}]`), sent);
});

for (const written of [".inf", "-.inf", ".nan", "1e400"])
  test(`${written} is refused with its place`, async () => {
    const { code, out, err } = await dryRun(`docker: {image: i}\nmetadata:\n  n: [1, ${written}]\n`);
    assert.deepEqual(
      [code, out, err],
      [1, "", `skeduler: stdin: ${written} at line 3, column 10 is no number that can be sent.\n`],
    );
  });
