// Which parts are impaired now, and since when each is whole again: deadlines count only the time in which whoever has to act
// could act.

export class Health {
  readonly #impaired = new Map<string, number>();
  readonly #wholeSince = new Map<string, number>();

  /** Faults may overlap: a part is whole when the last one is over. */
  impair(part: string): void {
    this.#impaired.set(part, (this.#impaired.get(part) ?? 0) + 1);
  }

  restore(part: string): void {
    const left = (this.#impaired.get(part) ?? 1) - 1;
    if (left > 0) this.#impaired.set(part, left);
    else {
      this.#impaired.delete(part);
      this.#wholeSince.set(part, Date.now());
    }
  }

  get impaired(): string[] {
    return [...this.#impaired.keys()];
  }

  /** Since when all of them are whole; undefined while one is impaired. */
  wholeSince(parts: readonly string[]): number | undefined {
    if (parts.some((part) => this.#impaired.has(part))) return undefined;
    return Math.max(0, ...parts.map((part) => this.#wholeSince.get(part) ?? 0));
  }
}
