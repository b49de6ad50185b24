// Tables that fit the terminal: columns as wide as their texts, the flexible ones cut and the least important left out where
// that is too wide. Laid out by the first rows alone, so that ten thousand can be printed as they come. Pure.

import type { Output, Paint } from "./output.ts";
import { cut, pad, plain, widthOf } from "./text.ts";

export interface Column<Row> {
  readonly title: string;
  readonly text: (row: Row) => string;
  readonly paint?: (row: Row) => Paint | undefined;
  readonly right?: boolean;
  /** May be cut, down to so many cells. */
  readonly least?: number;
  /** Left out where nothing is in it, or the terminal is too narrow, the highest first; absent: never. */
  readonly optional?: number;
}

/** Between two columns. */
const gap = 2;

export class Table<Row> {
  readonly #columns: readonly (Column<Row> & { readonly width: number })[];
  readonly #out: Pick<Output, "width" | "paint">;

  /** `sample`: the first rows; later ones are cut to the widths that these need. */
  constructor(columns: readonly Column<Row>[], sample: readonly Row[], out: Pick<Output, "width" | "paint">) {
    this.#out = out;
    const told = columns.filter(
      (column) => column.optional === undefined || sample.some((row) => column.text(row) !== ""),
    );
    const measured = told.map((column) => ({
      ...column,
      width: Math.max(widthOf(column.title), ...sample.map((row) => widthOf(plain(column.text(row))))),
    }));
    this.#columns = out.width === undefined ? measured : fit(measured, out.width);
  }

  head(): string {
    return this.#out.paint(
      this.#line((column) => [column.title, undefined]),
      "bold",
    );
  }

  row(row: Row): string {
    return this.#line((column) => [plain(column.text(row)), column.paint?.(row)]);
  }

  #line(cell: (column: Column<Row>) => readonly [text: string, paint: Paint | undefined]): string {
    const last = this.#columns.length - 1;
    const cells = this.#columns.map((column, index) => {
      const [text, paint] = cell(column);
      const fitting = this.#out.width === undefined ? text : cut(text, column.width);
      const padded =
        index === last && column.right !== true ? fitting : pad(fitting, column.width, column.right === true);
      return this.#out.paint(padded, paint);
    });
    return cells.join(" ".repeat(gap)).trimEnd();
  }
}

function fit<C extends { width: number; least?: number; optional?: number }>(
  columns: readonly C[],
  width: number,
): C[] {
  const excess = columns.reduce((sum, column) => sum + column.width + gap, -gap) - width;
  if (excess <= 0) return [...columns];
  const slack = columns.map(({ width: own, least = own }) => Math.max(0, own - least));
  const available = slack.reduce((sum, one) => sum + one, 0);
  if (available < excess) {
    const dropped = columns.reduce<C | undefined>(
      (worst, column) => ((column.optional ?? 0) > (worst?.optional ?? 0) ? column : worst),
      undefined,
    );
    if (dropped !== undefined)
      return fit(
        columns.filter((column) => column !== dropped),
        width,
      );
  }
  // What is missing is taken from the flexible ones, by what each can give; rounding up, so that it surely fits.
  const share = Math.min(1, available === 0 ? 0 : excess / available);
  return columns.map((column, index) => ({ ...column, width: column.width - Math.ceil((slack[index] ?? 0) * share) }));
}

/** A whole table, with its head. */
export async function printTable<Row>(
  columns: readonly Column<Row>[],
  rows: readonly Row[],
  out: Output,
): Promise<void> {
  const table = new Table(columns, rows, out);
  await out.write(`${[table.head(), ...rows.map((row) => table.row(row))].join("\n")}\n`);
}
