// The summary of a run: what was done, what was found, as JSON and as text.

import type { Findings, Violation } from "./findings.ts";
import type { Sample } from "./memory.ts";

export interface Summary {
  readonly seed: string;
  readonly seconds: number;
  readonly counts: Readonly<Record<string, number>>;
  /** Of each promise with a deadline: how often, and how long it took, ms. */
  readonly delays: Readonly<
    Record<string, { readonly times: number; readonly median: number; readonly longest: number }>
  >;
  /** Process → MiB resident at most. */
  readonly memory: Readonly<Record<string, number>>;
  readonly violations: readonly Violation[];
}

export function summarize(seed: string, findings: Findings, samples: readonly Sample[]): Summary {
  const memory: Record<string, number> = {};
  for (const sample of samples)
    for (const [name, mib] of Object.entries(sample.memory)) memory[name] = Math.max(memory[name] ?? 0, mib);
  const delays = [...findings.delays].map(([name, all]) => {
    const sorted = all.toSorted((a, b) => a - b);
    const median = sorted[Math.floor(sorted.length / 2)] ?? 0;
    return [
      name,
      { times: sorted.length, median: Math.round(median), longest: Math.round(sorted.at(-1) ?? 0) },
    ] as const;
  });
  return {
    seed,
    seconds: Math.round(findings.seconds),
    counts: Object.fromEntries([...findings.counts].sort(([a], [b]) => a.localeCompare(b))),
    delays: Object.fromEntries(delays),
    memory,
    violations: findings.violations,
  };
}

export function asText({ seed, seconds, counts, delays, memory, violations }: Summary): string {
  return [
    `seed ${seed}, ${seconds} s`,
    ...Object.entries(counts).map(([name, count]) => `  ${String(count).padStart(9)}  ${name}`),
    ...Object.entries(delays).map(
      ([name, { times, median, longest }]) => `  ${name}: ${times} times, median ${median} ms, longest ${longest} ms`,
    ),
    `  memory at most, MiB: ${Object.entries(memory)
      .map(([name, mib]) => `${name} ${mib}`)
      .join(", ")}`,
    violations.length === 0 ? "no violation" : `${violations.length} VIOLATIONS:`,
    ...violations.map(({ at, invariant, what }) => `  ${at} s  ${invariant}: ${what}`),
  ].join("\n");
}
