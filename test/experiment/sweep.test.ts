// A matrix becomes combinations, and a value stays one word and keeps its digits and its type.

import assert from "node:assert/strict";
import { test } from "node:test";
import { expand, matrix, SweepError } from "../../runtime/experiment/sweep.ts";

const sweep = (docker: string, lists: string, name = "train"): ReturnType<typeof expand> =>
  expand(`{"name":"${name}","docker":${docker},"matrix":${lists}}`);

test("every combination once, the last name's values changing fastest", () => {
  const { members } = sweep(
    '{"image":"i","command":"train --lr {{lr}} --seed={{ seed }}"}',
    '{"lr":[0.10,1e-4],"seed":[1,2,3]}',
  );
  assert.deepEqual(
    members.map((one) => one.command),
    [
      "train --lr 0.10 --seed=1",
      "train --lr 0.10 --seed=2",
      "train --lr 0.10 --seed=3",
      "train --lr 1e-4 --seed=1",
      "train --lr 1e-4 --seed=2",
      "train --lr 1e-4 --seed=3",
    ],
  );
  assert.equal(members[3]?.name, "train lr=1e-4 seed=1");
  assert.equal(members[3].combination, '{"lr":1e-4,"seed":1}');
});

test("a value stays one word, and alone in the environment it keeps its type and its digits", () => {
  const { members } = sweep(
    `{"image":"i","command":"say {{text}} 'a {{text}}'","environment":{"N":"{{n}}","M":"n={{n}}","K":12345678901234567890}}`,
    '{"text":["two words; $HOME","it\'s"],"n":[12345678901234567890,true]}',
    "say {{n}}",
  );
  assert.equal(members.length, 4);
  assert.equal(members[0]?.command, `say 'two words; $HOME' 'a two words; $HOME'`);
  assert.equal(members[2]?.command, `say 'it'"'"'s' 'a it'"'"'s'`);
  assert.equal(
    members[0].environment,
    '{"N":12345678901234567890,"M":"n=12345678901234567890","K":12345678901234567890}',
  );
  assert.equal(members[1]?.environment, '{"N":true,"M":"n=true","K":12345678901234567890}');
  assert.equal(members[1].name, "say true");
});

test("what the matrix has not, and what is used nowhere, is said", () => {
  const path = (docker: string, lists: string): string => {
    try {
      sweep(docker, lists);
    } catch (error) {
      assert.ok(error instanceof SweepError);
      return `${error.path}: ${error.message}`;
    }
    return "no error";
  };
  assert.equal(
    path('{"image":"i","command":"x {{rate}}"}', '{"lr":[1]}'),
    "docker.command: {{rate}} is not in the matrix, which has lr",
  );
  assert.equal(
    path('{"image":"i","command":"x"}', '{"lr":[1]}'),
    "matrix.lr: is used nowhere: write {{lr}} in the command or the environment",
  );
});

test("a matrix is bounded, and holds scalars", () => {
  const refused = (value: unknown): string => matrix.safeParse(value).error?.issues[0]?.message ?? "accepted";
  const hundred = Array.from({ length: 101 }, (_, n) => n);
  assert.equal(refused({ a: hundred, b: hundred }), "at most 10000 combinations");
  assert.equal(refused({}), "at least one name with a list of values");
  assert.equal(refused({ a: [] }), "at least one value");
  assert.equal(refused({ a: [null] }), "allowed are strings, numbers and booleans");
  assert.equal(refused({ "1a": [1] }), "Invalid key in record");
});

test("a sweep whose experiments would be too large together is refused before they are made", () => {
  const values = JSON.stringify(
    Array.from({ length: 10_000 }, (_, n) => n),
    null,
    2,
  );
  assert.equal(sweep('{"image":"i","command":"x {{n}}"}', `{"n":${values}}`).members.length, 10_000);
  const tooLarge = { path: "matrix", message: /more than 64 MiB of text together/ };
  const big = "x".repeat(500_000);
  assert.throws(
    () => sweep(`{"image":"i","command":"x {{n}}","environment":{"BIG":"${big}"}}`, `{"n":${values}}`),
    tooLarge,
  );
  assert.throws(() => sweep(`{"image":"i","command":"${"{{text}}".repeat(1_000)}"}`, `{"text":["${big}"]}`), tooLarge);
  assert.throws(
    () => sweep('{"image":"i","command":"x {{n}} {{text}}"}', `{"text":["${big}"],"n":${values}}`),
    tooLarge,
  );
  // A number is stored with all of its digits.
  const small = Array.from({ length: 10 }, (_, n) => `"V${n}":1e-900`).join();
  assert.throws(() => sweep(`{"image":"i","command":"x {{n}}","environment":{${small}}}`, `{"n":${values}}`), tooLarge);
});
