// Many samples as one stored row: the names of their values, then a value (or null) per sample and name. Pure.

export interface Block {
  readonly names: readonly string[];
  /** Ms since 1970, one per sample. */
  readonly times: readonly number[];
  /** What the program said its step was; undefined where no sample has one. */
  readonly steps: readonly (number | null)[] | undefined;
  /** A sample after the other, each with a value per name. */
  readonly data: readonly (number | null)[];
}

export interface Sample {
  readonly time: number;
  readonly step?: number | undefined;
  readonly values: ReadonlyMap<string, number | null>;
}

/** Places without a value that a block may have beside as many as it has values: names that come and go cost room. */
const sparePlaces = 1_000;

export class BlockBuilder {
  readonly #names = new Map<string, number>();
  readonly #samples: Sample[] = [];
  #values = 0;

  get samples(): number {
    return this.#samples.length;
  }

  /** Whether the sample has room here; an empty block takes any. */
  fits({ values }: Sample): boolean {
    if (this.#samples.length === 0) return true;
    let names = this.#names.size;
    for (const name of values.keys()) if (!this.#names.has(name)) names += 1;
    return names * (this.#samples.length + 1) <= 2 * (this.#values + values.size) + sparePlaces;
  }

  add(sample: Sample): void {
    for (const name of sample.values.keys()) if (!this.#names.has(name)) this.#names.set(name, this.#names.size);
    this.#samples.push(sample);
    this.#values += sample.values.size;
  }

  build(): Block {
    const names = [...this.#names.keys()];
    return {
      names,
      times: this.#samples.map((sample) => sample.time),
      steps: this.#samples.some((sample) => sample.step !== undefined)
        ? this.#samples.map((sample) => sample.step ?? null)
        : undefined,
      data: this.#samples.flatMap((sample) => names.map((name) => sample.values.get(name) ?? null)),
    };
  }
}
