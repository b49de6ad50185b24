// Which logs of a host print much. What such a log prints gathers for a while before it is stored: a row costs Postgres, and who
// reads it, much the same however little it holds. One that prints a line now and then is stored at once.

/** A chunk of more bytes makes a log a loud one. */
const manyBytes = 8 * 1024;
/** For how long after it, ms. */
const loudFor = 100;

export class LoudLogs {
  readonly #now: () => number;
  readonly #until = new Map<object, number>();

  /** `now`: ms, of a clock that is never set back. */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  /** A chunk of so many bytes of this log was stored. */
  stored(log: object, bytes: number): void {
    if (bytes > manyBytes) this.#until.set(log, this.#now() + loudFor);
    else this.#until.delete(log);
  }

  /** It is written no more. */
  ended(log: object): void {
    this.#until.delete(log);
  }

  /** For how long, ms, what it prints is to gather yet. */
  left(log: object): number {
    return (this.#until.get(log) ?? 0) - this.#now();
  }

  /** Whether this one is loud and no other is. */
  isOnly(log: object): boolean {
    const now = this.#now();
    for (const [other, until] of this.#until) if (other !== log && until > now) return false;
    return this.left(log) > 0;
  }
}
