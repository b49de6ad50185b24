// Tables: as wide as they need to be, never wider than the terminal.

import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { Table, type Column } from "../../runtime/cli/table.ts";
import { plain, widthOf } from "../../runtime/cli/text.ts";

type Row = readonly [id: string, name: string, owner: string];
const columns: readonly Column<Row>[] = [
  { title: "ID", text: ([id]) => id },
  { title: "NAME", text: ([, name]) => name, least: 6 },
  { title: "OWNER", text: ([, , owner]) => owner, least: 3, optional: 1, right: true },
];
const on = (width: number | undefined) => ({ width, paint: (text: string) => text });

function shown(rows: readonly Row[], width: number | undefined): string[] {
  const table = new Table(columns, rows, on(width));
  return [table.head(), ...rows.map((row) => table.row(row))];
}

test("columns are as wide as their texts; what is empty and optional is left out", () => {
  assert.deepEqual(shown([["1", "long name", "me"]], undefined), ["ID  NAME       OWNER", "1   long name     me"]);
  assert.deepEqual(shown([["1", "n", ""]], undefined), ["ID  NAME", "1   n"]);
});

test("where it is too wide, flexible columns are cut; where that is not enough, optional ones go", () => {
  assert.deepEqual(shown([["1", "a long name", "somebody"]], 20), ["ID  NAME      OWNER", "1   a long …  some…"]);
  assert.deepEqual(shown([["1", "a long name", "somebody"]], 12), ["ID  NAME", "1   a long …"]);
});

test("no line is wider than the terminal, whatever the texts", () => {
  const text = fc.string({ unit: "grapheme", maxLength: 40 });
  const row = fc.tuple(fc.string({ minLength: 8, maxLength: 8, unit: fc.constantFrom("a", "1") }), text, text);
  fc.assert(
    fc.property(fc.array(row, { minLength: 1 }), row, fc.integer({ min: 20, max: 120 }), (rows, later, width) => {
      const table = new Table(columns, rows, on(width));
      for (const line of [table.head(), ...[...rows, later].map((one) => table.row(one))])
        assert.ok(widthOf(plain(line)) <= width, line);
    }),
  );
});
