// One connection for statements that need not wait for one another's answers: each is sent at once and Postgres takes them in turn,
// each in a transaction of its own. It never waits for the next one to arrive, as on a connection that carries one at a time.

import { isUnavailable } from "./faults.ts";
import type { Client, Pool, Queryable } from "./pool.ts";

interface Lent {
  readonly client: Promise<Client>;
  /** Statements that are not answered. */
  open: number;
  broken?: Error;
}

/** `pool`: made with `pipeline`, or the statements wait for one another after all. Its connection is given back when all is answered. */
export function pipelineOf(pool: Pool): Queryable {
  let current: Lent | undefined;

  async function answered(lent: Lent): Promise<void> {
    lent.open -= 1;
    if (lent.open > 0) return;
    if (current === lent) current = undefined;
    await lent.client.then(
      (client) => client.release(lent.broken),
      () => undefined, // there was none to be had, which the statements have said
    );
  }

  return {
    query: async (statement, values) => {
      const lent = (current ??= { client: pool.connect(), open: 0 });
      lent.open += 1;
      try {
        return await (await lent.client).query(statement, values);
      } catch (error) {
        if (isUnavailable(error)) {
          // All that was sent on it fails alike: what comes from now on goes to another.
          lent.broken = error as Error;
          if (current === lent) current = undefined;
        }
        throw error;
      } finally {
        await answered(lent);
      }
    },
  };
}
