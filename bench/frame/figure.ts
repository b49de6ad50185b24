// One figure as a bench reports it: a JSON line on stdout, which bench/run.ts gathers. Values are one per round; a figure
// with a limit has the limit's value of the same round at the same place, so that what disturbs one disturbs both.

export interface Figure {
  /** What was measured, as a person says it. */
  readonly name: string;
  readonly unit: "a second" | "MB/s" | "ms" | "s" | "MiB" | "%" | "";
  /** One per round. */
  readonly values: readonly number[];
  readonly limit?: { readonly name: string; readonly values: readonly number[] };
  /** Of the ratio to the limit where there is one, else of the value. */
  readonly goal?: { readonly atLeast: number } | { readonly atMost: number };
  /** What a reader needs to know, in a sentence. */
  readonly note?: string;
}

export function report(figure: Figure): void {
  process.stdout.write(`${JSON.stringify(figure)}\n`);
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1
    ? (sorted[middle] ?? NaN)
    : ((sorted[middle - 1] ?? NaN) + (sorted[middle] ?? NaN)) / 2;
}

/** The value that a share `q` of all does not exceed. */
export function quantile(values: readonly number[], q: number): number {
  const sorted = Float64Array.from(values).sort();
  return sorted[Math.max(0, Math.ceil(q * sorted.length) - 1)] ?? NaN;
}

/** Of each round, value by limit. */
export function ratios({ values, limit }: Figure): number[] {
  return values.map((value, round) => value / (limit?.values[round] ?? NaN));
}

/** Undefined: it has no goal. */
export function reached(figure: Figure): boolean | undefined {
  const { goal } = figure;
  if (goal === undefined) return undefined;
  const value = median(figure.limit === undefined ? figure.values : ratios(figure));
  return "atLeast" in goal ? value >= goal.atLeast : value <= goal.atMost;
}
