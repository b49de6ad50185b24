// Gathers calls: what arrives in one turn of the event loop, or while batches are in flight, goes together. So a lone call pays
// nothing and a crowd shares one round trip. If a batch fails, its members are redone one by one: one bad one harms no other.

interface Waiting<I, O> {
  readonly input: I;
  readonly resolve: (output: O) => void;
  readonly reject: (error: unknown) => void;
}

export interface CoalesceOptions<I, O> {
  /** Members of a batch at most. */
  readonly limit: number;
  /** Batches in flight at once. */
  readonly parallel: number;
  /** One output per input, in order. */
  readonly run: (inputs: readonly I[]) => Promise<readonly O[]>;
  /** Whether a failed batch is worth redoing one by one (not when the database is away). */
  readonly separable: (error: unknown) => boolean;
}

export function coalesce<I, O>(options: CoalesceOptions<I, O>): (input: I) => Promise<O> {
  let queue: Waiting<I, O>[] = [];
  let inFlight = 0;
  let due = false;

  async function attempt(batch: readonly Waiting<I, O>[]): Promise<void> {
    try {
      const outputs = await options.run(batch.map((member) => member.input));
      for (const [index, member] of batch.entries()) member.resolve(outputs[index] as O);
    } catch (error) {
      if (batch.length > 1 && options.separable(error)) {
        for (const member of batch) await attempt([member]);
      } else for (const member of batch) member.reject(error);
    }
  }

  function next(): void {
    while (inFlight < options.parallel && queue.length > 0) {
      const batch = queue.slice(0, options.limit);
      queue = queue.slice(options.limit);
      inFlight += 1;
      attempt(batch)
        .finally(() => {
          inFlight -= 1;
          soon();
        })
        .catch(() => undefined); // attempt settles its members and never rejects
    }
  }

  /** At the end of this turn: of many requests that came at once, the first would else go alone. */
  function soon(): void {
    if (due || inFlight >= options.parallel || queue.length === 0) return;
    due = true;
    setImmediate(() => {
      due = false;
      next();
    });
  }

  return async (input) =>
    new Promise<O>((resolve, reject) => {
      queue.push({ input, resolve, reject });
      soon();
    });
}
