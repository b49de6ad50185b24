// Whether a log prints much. What such a log prints gathers for a while before it is stored: a row costs Postgres, and who reads it,
// much the same however little it holds. One that prints a line now and then is stored at once.

/** A chunk of more bytes makes a log a loud one. */
const manyBytes = 8 * 1024;
/** For how long after it, ms. */
const loudFor = 100;

export class Loudness {
  readonly #clock: () => number;
  #until = -Infinity;

  /** `clock`: ms, and never set back. */
  constructor(clock: () => number = () => performance.now()) {
    this.#clock = clock;
  }

  /** A chunk of so many bytes was stored. */
  stored(bytes: number): void {
    this.#until = bytes > manyBytes ? this.#clock() + loudFor : -Infinity;
  }

  /** For how long, ms, what the log prints is to gather yet; 0 where it is not loud. */
  get left(): number {
    return Math.max(0, this.#until - this.#clock());
  }
}
