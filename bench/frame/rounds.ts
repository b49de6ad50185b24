// Repeating: each round runs every measure once, one after the other, so that the noise of the machine is shared fairly.
// `--quick` (BENCH_QUICK=1) is for seeing that a bench works: one round, short times, small sizes.

export const quick = process.env["BENCH_QUICK"] === "1";

/** The ordinary value, or the one for --quick. */
export function sized<T>(ordinary: T, small: T): T {
  return quick ? small : ordinary;
}

/** Each measure's values, one per round. */
export async function inTurn<K extends string>(
  measures: Readonly<Record<K, () => Promise<number>>>,
  rounds = sized(5, 1),
): Promise<Record<K, number[]>> {
  const entries = Object.entries<() => Promise<number>>(measures);
  const values = Object.fromEntries(entries.map(([name]) => [name, [] as number[]])) as Record<K, number[]>;
  for (let round = 0; round < rounds; round += 1) {
    for (const [name, measure] of entries) values[name as K].push(await measure());
  }
  return values;
}

/** How long `work` takes, ms. */
export async function timed(work: () => Promise<unknown>): Promise<number> {
  const from = performance.now();
  await work();
  return performance.now() - from;
}
