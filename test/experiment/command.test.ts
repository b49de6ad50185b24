import assert from "node:assert/strict";
import { test } from "node:test";
import { parse, ParseError } from "../../runtime/experiment/command.ts";

const cases: readonly [string, string[]][] = [
  ["", []],
  ["   ", []],
  ["python train.py --lr 0.1", ["python", "train.py", "--lr", "0.1"]],
  [`sh -c 'echo "$HOME" * ; exit 3'`, ["sh", "-c", 'echo "$HOME" * ; exit 3']],
  [`a "b c" d\\ e`, ["a", "b c", "d e"]],
  [`"say \\"hi\\"" ''`, ['say "hi"', ""]],
  ["echo $HOME # no comment", ["echo", "$HOME", "#", "no", "comment"]],
];
for (const [command, words] of cases)
  test(`words of ${JSON.stringify(command)}`, () => assert.deepEqual(parse(command), words));

for (const command of ["echo 'open", 'echo "open', "echo \\"]) {
  test(`${JSON.stringify(command)} is not a command`, () => assert.throws(() => parse(command), ParseError));
}
