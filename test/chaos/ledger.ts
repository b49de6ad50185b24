// What was asked for: every experiment that was posted with its plan, and what was done to it since. What came of it is
// compared with this.

import type { Plan } from "./plans.ts";

export interface Entry {
  readonly id: string;
  readonly plan: Plan;
  readonly postedAt: number;
  /** When the cancelling was answered, ms since the epoch. */
  cancelledAt: number | undefined;
  /** The cancelling that its plan wants was answered. */
  settled: boolean;
  /** Whether it was asked for again. */
  asked: boolean;
  /** Its end was compared and found right (or reported). */
  audited: boolean;
}

export class Ledger {
  readonly entries = new Map<string, Entry>();

  add(id: string, plan: Plan): Entry {
    const entry = {
      id,
      plan,
      postedAt: Date.now(),
      cancelledAt: undefined,
      settled: false,
      asked: false,
      audited: false,
    };
    this.entries.set(id, entry);
    return entry;
  }
}
