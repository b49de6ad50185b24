// Samples of a run as an SVG: the memory of every process over time, and the size of every table. Plain text, no library.

import type { Sample } from "./memory.ts";

const [width, height, left, top, gap] = [900, 300, 70, 40, 90];
const colours = [
  "#1f77b4",
  "#d62728",
  "#2ca02c",
  "#9467bd",
  "#ff7f0e",
  "#8c564b",
  "#17becf",
  "#7f7f7f",
  "#bcbd22",
  "#e377c2",
];
/** Tables smaller than this at the end, KiB, share the bottom line and are left out. */
const least = 128;

export function plot(title: string, samples: readonly Sample[]): string {
  const biggest = samples.at(-1)?.tables ?? {};
  const tables = Object.keys(biggest).filter((name) => (biggest[name] ?? 0) >= least);
  const processes = [...new Set(samples.flatMap((sample) => Object.keys(sample.memory)))].sort();
  const total = 2 * (height + gap) + top;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width + left + 230} ${total}" font-family="sans-serif" font-size="12">`,
    `<rect width="100%" height="100%" fill="white"/><text x="${left}" y="22" font-size="15">${title}</text>`,
    panel(top + 20, "resident memory, MiB", processes, samples, (sample, name) => sample.memory[name]),
    panel(top + height + gap, `tables of ${least} KiB and more, MiB`, tables, samples, (sample, name) => {
      const kib = sample.tables[name];
      return kib === undefined ? undefined : kib / 1024;
    }),
    "</svg>\n",
  ].join("\n");
}

function panel(
  y: number,
  label: string,
  names: readonly string[],
  samples: readonly Sample[],
  valueOf: (sample: Sample, name: string) => number | undefined,
): string {
  const last = Math.max(1, samples.at(-1)?.at ?? 1);
  const most = Math.max(1, ...samples.flatMap((sample) => names.map((name) => valueOf(sample, name) ?? 0)));
  const place = (at: number, value: number): string =>
    `${(left + (at / last) * width).toFixed(1)},${(y + height - (value / most) * height).toFixed(1)}`;
  const lines = names.map((name, index) => {
    const colour = colours[index % colours.length] ?? "black";
    const points = samples.flatMap((sample) => {
      const value = valueOf(sample, name);
      return value === undefined ? [] : [place(sample.at, value)];
    });
    const end = y + 14 + index * 16;
    return (
      `<polyline fill="none" stroke="${colour}" stroke-width="1.3" points="${points.join(" ")}"/>` +
      `<text x="${left + width + 10}" y="${end}" fill="${colour}">${name}</text>`
    );
  });
  const ticks = [0, 0.25, 0.5, 0.75, 1].map(
    (share) =>
      `<text x="${left - 8}" y="${y + height - share * height + 4}" text-anchor="end">${(most * share).toFixed(1)}</text>` +
      `<text x="${left + share * width}" y="${y + height + 18}" text-anchor="middle">${((last * share) / 60).toFixed(0)} min</text>`,
  );
  return [
    `<text x="${left}" y="${y - 8}">${label}</text>`,
    `<rect x="${left}" y="${y}" width="${width}" height="${height}" fill="none" stroke="#999"/>`,
    ...ticks,
    ...lines,
  ].join("\n");
}
