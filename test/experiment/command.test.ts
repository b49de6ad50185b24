import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { test } from "node:test";
import fc from "fast-check";
import { join, parse, ParseError } from "../../runtime/experiment/command.ts";

const cases: readonly [string, string[]][] = [
  ["", []],
  ["   ", []],
  ["python train.py --lr 0.1", ["python", "train.py", "--lr", "0.1"]],
  [`sh -c 'echo "$HOME" * ; exit 3'`, ["sh", "-c", 'echo "$HOME" * ; exit 3']],
  [`a "b c" d\\ e`, ["a", "b c", "d e"]],
  [`"say \\"hi\\"" ''`, ['say "hi"', ""]],
  ["echo $HOME # no comment", ["echo", "$HOME", "#", "no", "comment"]],
  [`'a\\\\b'"'"'c' 'x\\"'"y"`, ["a\\\\b'c", 'x\\"y']],
  [`$'a\\tb\\'c'd $"e f" $x$ "$" \\$'g'`, ["a\tb'cd", "e f", "$x$", "$", "$g"]],
  ['one\\\ntwo "three\\\nfour" "\\n"', ["onetwo", "threefour", "\\n"]],
];
for (const [command, words] of cases)
  test(`words of ${JSON.stringify(command)}`, () => assert.deepEqual(parse(command), words));

for (const command of ["echo 'open", 'echo "open', "echo \\", `echo $'open\\'`, 'echo "open\\"']) {
  test(`${JSON.stringify(command)} is not a command`, () => assert.throws(() => parse(command), ParseError));
}

test("words that are joined are split again", () => {
  const word = fc.string({ unit: fc.constantFrom("a", " ", "\n", "'", '"', "\\", "$", "é", "#"), maxLength: 12 });
  fc.assert(
    fc.property(fc.array(word), (words) => {
      assert.deepEqual(parse(join(words)), words);
    }),
    { numRuns: 5000 },
  );
});

test("words are those of a shell", () => {
  const text = (...characters: string[]): fc.Arbitrary<string> =>
    fc.string({ unit: fc.constantFrom(...characters), maxLength: 4 });
  const piece = fc.oneof(
    text("a", "b", " ", "\t", "\n"),
    text("a", '"', "\\", " ", "\n").map((inside) => `'${inside}'`),
    fc
      .array(fc.constantFrom("a", "'", " ", "\n", "\\\\", '\\"', "\\a", "\\ ", "\\\n"), { maxLength: 4 })
      .map((inside) => `"${inside.join("")}"`),
    fc.constantFrom("a", "'", '"', "\\", " ", "\n").map((one) => `\\${one}`),
  );
  const commands = fc.sample(
    fc.array(piece, { maxLength: 8 }).map((pieces) => `x ${pieces.join("")}`),
    500,
  );
  // A line ends a shell's command, and no word of ours.
  const script = commands.map((command) => `printf '%s\\0' ${unlined(command)} END`).join("\n");
  const said = execFileSync("sh", ["-c", script]).toString().split("END\0").slice(0, -1);
  assert.deepEqual(
    commands.map((command) => [command, parse(command).join("\0")]),
    said.map((words, index) => [commands[index], words.slice(0, -1)]),
  );
});

/** Bare ends of lines as spaces. */
function unlined(command: string): string {
  return command.replaceAll(/\\[^]|'[^']*'|"(?:[^"\\]|\\[^])*"|\n/g, (part) => (part === "\n" ? " " : part));
}

test("a long word of many parts takes no time that anybody would notice", () => {
  const command = `"\\a"`.repeat(250_000);
  assert.equal(parse(command)[0]?.length, 500_000);
});
