// Deadlines that are promises: what is owed now, by whom, until when. Time counts only while every part that it takes is whole.
// Each look says what is owed; what is owed no longer was met, and how long it took is kept.

import type { Findings } from "./findings.ts";
import type { Health } from "./health.ts";

/** Added to every limit, ms: a look a second, and a busy machine of two cores. */
export const margin = 5_000;

export interface Owed {
  /** The promise. */
  readonly name: string;
  /** Which of its cases. */
  readonly key: string;
  /** Whole parts that it takes. */
  readonly parts: readonly string[];
  /** Ms. */
  readonly limit: number;
  /** Since when, if that was before it was first seen. */
  readonly since?: number;
  readonly what: string;
}

export class Obligations {
  readonly #findings: Findings;
  readonly #health: Health;
  readonly #open = new Map<string, { readonly owed: Owed; readonly since: number }>();

  constructor(findings: Findings, health: Health) {
    this.#findings = findings;
    this.#health = health;
  }

  update(owed: readonly Owed[]): void {
    const now = Date.now();
    const keys = new Set<string>();
    for (const one of owed) {
      const key = `${one.name}/${one.key}`;
      keys.add(key);
      const known = this.#open.get(key) ?? { owed: one, since: one.since ?? now };
      this.#open.set(key, known);
      const elapsed = this.#elapsed(known, now);
      if (elapsed !== undefined && elapsed > one.limit + margin)
        this.#findings.violated(one.name, `${one.what}: not within ${(one.limit + margin) / 1000} s`);
    }
    for (const [key, known] of this.#open) {
      if (keys.has(key)) continue;
      this.#open.delete(key);
      const elapsed = this.#elapsed(known, now);
      if (elapsed !== undefined) this.#findings.took(known.owed.name, elapsed);
    }
  }

  /** Undefined while a part is impaired. */
  #elapsed({ owed, since }: { readonly owed: Owed; readonly since: number }, now: number): number | undefined {
    const whole = this.#health.wholeSince(owed.parts);
    return whole === undefined ? undefined : Math.max(0, now - Math.max(since, whole));
  }
}
