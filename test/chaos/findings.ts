// What a run of chaos counts, and what it finds wrong. Each violation is said at once and kept; the same one is kept once.

export interface Violation {
  /** Seconds since the start. */
  readonly at: number;
  readonly invariant: string;
  readonly what: string;
}

export class Findings {
  readonly started = Date.now();
  readonly violations: Violation[] = [];
  readonly counts = new Map<string, number>();
  /** Name → ms, of what has a deadline. */
  readonly delays = new Map<string, number[]>();
  readonly #seen = new Set<string>();
  readonly #say: (line: string) => void;

  constructor(say: (line: string) => void) {
    this.#say = say;
  }

  get seconds(): number {
    return (Date.now() - this.started) / 1000;
  }

  say(line: string): void {
    this.#say(`${this.seconds.toFixed(1).padStart(7)} ${line}`);
  }

  count(what: string, by = 1): void {
    this.counts.set(what, (this.counts.get(what) ?? 0) + by);
  }

  of(what: string): number {
    return this.counts.get(what) ?? 0;
  }

  took(what: string, ms: number): void {
    const known = this.delays.get(what);
    if (known === undefined) this.delays.set(what, [ms]);
    else known.push(ms);
  }

  violated(invariant: string, what: string): void {
    const key = `${invariant}: ${what}`;
    if (this.#seen.has(key)) return;
    this.#seen.add(key);
    this.violations.push({ at: Math.round(this.seconds * 10) / 10, invariant, what });
    this.say(`VIOLATED ${key}`);
  }
}
