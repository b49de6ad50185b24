// What was measured, kept: bench/results/NAME.json by bench, and bench/results.md, made of all of them.

import { globSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { median, ratios, reached, type Figure } from "./figure.ts";

const folder = new URL("../results/", import.meta.url).pathname;

export interface Result {
  /** YYYY-MM-DD. */
  readonly date: string;
  readonly machine: string;
  readonly figures: readonly Figure[];
}

export function keep(name: string, result: Result): void {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, `${name}.json`), `${JSON.stringify(result, undefined, 1)}\n`);
  writeFileSync(join(folder, "../results.md"), document());
}

function document(): string {
  const parts = globSync(`${folder}*.json`)
    .sort()
    .map((file) => {
      const { date, machine, figures } = JSON.parse(readFileSync(file, "utf8")) as Result;
      return `## ${basename(file, ".json")}\n\n${date}: ${machine}\n\n${table(figures)}`;
    });
  return (
    "# Results of the benches\n\nWritten by `npm run bench`; docs/performance.md explains them. Medians of the rounds, with least and most;\n" +
    `ratios are taken round by round to the limit that was measured in the same round.\n\n${parts.join("\n")}`
  );
}

/** A markdown table, as prettier would write it. */
export function table(figures: readonly Figure[]): string {
  const rows = [["figure", "median (least – most)", "limit", "ratio", "goal", "reached"], ...figures.map(row)];
  const widths = rows[0]?.map((_, column) => Math.max(3, ...rows.map((cells) => cells[column]?.length ?? 0))) ?? [];
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(" | ")} |\n`;
  const [head = [], ...body] = rows;
  const notes = figures.flatMap(({ name, note }) => (note === undefined ? [] : [`- ${name}: ${note}\n`]));
  const rule = widths.map((width) => "-".repeat(width));
  return `${line(head)}${line(rule)}${body.map(line).join("")}${notes.length > 0 ? `\n${notes.join("")}` : ""}`;
}

function row(figure: Figure): string[] {
  const { name, unit, values, limit, goal } = figure;
  const ratio = limit === undefined ? [] : ratios(figure);
  const good = reached(figure);
  const aim = goal === undefined ? "" : "atLeast" in goal ? `≥ ${goal.atLeast}` : `≤ ${goal.atMost}`;
  return [
    name,
    `${spread(values)} ${unit}`.trim(),
    limit === undefined ? "" : `${limit.name}: ${short(median(limit.values))}`,
    limit === undefined ? "" : spread(ratio),
    aim === "" ? "" : limit === undefined ? `${aim} ${unit}`.trim() : `${aim} ×`,
    good === undefined ? "" : good ? "yes" : "no",
  ];
}

function spread(values: readonly number[]): string {
  const middle = short(median(values));
  return values.length < 2 ? middle : `${middle} (${short(Math.min(...values))} – ${short(Math.max(...values))})`;
}

/** Three digits that count. */
function short(value: number): string {
  if (Math.abs(value) >= 100) return Math.round(value).toLocaleString("en-US");
  return String(Number(value.toPrecision(3)));
}
